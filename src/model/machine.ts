import type { CallResult } from "../mm/driver.ts";
import type { Outcome } from "../mm/errno.ts";
import { touch } from "../mm/fault.ts";
import { FileMapping } from "../mm/filemapping.ts";
import { fork } from "../mm/fork.ts";
import { madvise } from "../mm/madvise.ts";
import { Mm, type MmContext, NO_LIMIT } from "../mm/mm.ts";
import { mlock } from "../mm/mlock.ts";
import { mseal } from "../mm/mseal.ts";
import type { PageTable } from "../mm/pagetable.ts";
import { mprotect } from "../mm/mprotect.ts";
import { mremap } from "../mm/mremap.ts";
import { clearGathered, exitMmap, gatherInside, munmap } from "../mm/munmap.ts";
import type { MmProfile } from "../mm/profile.ts";
import { peek } from "../mm/peek.ts";
import { claim } from "../mm/zap.ts";
import type { PfnTracking } from "../mm/tracking.ts";
import { type Vma, VmaPool } from "../mm/vma.ts";
import type { PatEvent } from "../pat/events.ts";
import { checks } from "../pat/invariant.ts";
import { KernelMaps } from "../pat/kernelmaps.ts";
import { KernelBug, KernelState } from "../pat/kernelstate.ts";
import { MemtypeList, type MemtypeWatcher } from "../pat/memtype.ts";
import { PfnRanges } from "../pat/pfnmap.ts";
import { RamPages } from "../pat/rampages.ts";
import type { Fault } from "../trace/fields.ts";
import type { Op, OpOf } from "../trace/op.ts";
import { isaWindow } from "../trace/isawindow.ts";
import { placedOp } from "../trace/regions.ts";
import type { World } from "../trace/trace.ts";
import { ContextWatch, type ShownContext } from "./contextwatch.ts";
import { applyDriverOp } from "./driverops.ts";
import { mmapOf } from "./drivers.ts";
import { keepDesign } from "./memory.ts";
import { Processes } from "./processes.ts";
import { assertSound } from "./soundness.ts";

/** The classes a machine is made of, where a design has its own. */
export interface MachineParts {
  readonly machine?: typeof Machine;
  readonly memtype?: typeof MemtypeList;
  readonly ranges?: typeof PfnRanges;
  readonly pageTable?: typeof PageTable;
}

/** What makes a machine one design of one release. */
export interface DesignSpec {
  readonly profile: MmProfile;
  readonly eraseByEnd: boolean;
  readonly tracking: (ranges: PfnRanges, log: PatEvent[], kernel: KernelState) => PfnTracking;
  /** Whether a VMA shows VM_PAT; absent where the design has no such flag. */
  readonly hasVmPat?: (vma: Vma) => boolean;
  /** The context that a VMA holds; absent where the design has none. */
  readonly contextOf?: (vma: Vma) => ShownContext | null;
  /** Parts made otherwise than the kernel's; they are chosen once, when a machine is made. */
  readonly parts?: MachineParts;
  /** The design may hold state that nobody can see, so its machine cannot be kept. */
  readonly hidesState?: boolean;
}

/** A running model: processes, their address spaces, and the memtype list they share. */
export class Machine {
  readonly memtype: MemtypeList;
  /** What the kernel has logged since the last op began. */
  readonly events: PatEvent[] = [];
  /** Live processes by id, in order of birth. */
  readonly processes = new Processes();
  /** What calls of drivers have returned since the last op began. */
  readonly calls: CallResult[] = [];
  /** The allocation that failed in the last op, or the VMA not duplicated; or null. */
  failed: Fault | null = null;
  /** The ranges that the kernel has mapped for itself. */
  readonly kernelMaps: KernelMaps;
  protected readonly context: MmContext;
  private design: PfnTracking;
  private readonly watch: ContextWatch | null;
  /** Empty address spaces of processes that are gone. */
  private readonly spare: Mm[] = [];

  constructor(
    world: World,
    readonly spec: DesignSpec,
    watcher: MemtypeWatcher | null = null,
  ) {
    const { profile, parts: made = {}, contextOf } = spec;
    const { regions = [] } = world;
    const [hasPat, window] = [world.pat !== false, isaWindow(world)];
    const kernel = new KernelState(this.events, profile.vmFlagsAssertWriteLock, hasPat);
    this.memtype = new (made.memtype ?? MemtypeList)(
      [world, ...regions].map(({ mtrr }) => mtrr),
      spec.eraseByEnd,
      this.events,
      watcher,
      kernel,
      window && { ...window, asksFirstPage: profile.mtrrOfFirstPage },
    );
    const ram = new RamPages(this.events, kernel);
    const ranges = new (made.ranges ?? PfnRanges)(this.memtype, this.events, ram);
    this.design = spec.tracking(ranges, this.events, kernel);
    this.watch = watcher && contextOf ? new ContextWatch(this.design, contextOf) : null;
    this.kernelMaps = new KernelMaps(this.memtype, ranges, kernel);
    this.context = {
      profile,
      tracking: this.watch ?? this.design,
      ranges,
      kernel,
      file: new FileMapping(),
      pool: new VmaPool(),
      regions: [world, ...regions].map(({ pfns }) => pfns),
      vpages: world.vpages,
      maps: world.maps ?? NO_LIMIT,
    };
  }

  /** Back to a fresh boot: no process, no reservation. What was allocated is kept for reuse. */
  reset(): void {
    this.buryAll();
    this.memtype.clear();
    this.kernelMaps.clear();
    const { ranges, file, kernel, pool } = this.context;
    for (const part of [ranges.ram, file]) part.clear();
    for (const part of [kernel, pool]) part.reboot();
    this.rebootDesign();
    this.clearEvents();
  }

  private rebootDesign(): void {
    const { context, design } = this;
    this.watch?.clear();
    if (design.reboot !== undefined) return design.reboot();
    this.useDesign(this.spec.tracking(context.ranges, this.events, context.kernel));
  }

  private useDesign(design: PfnTracking): void {
    this.design = design;
    if (this.watch === null) this.context.tracking = design;
    else this.watch.tracking = design;
  }

  private buryAll(): void {
    for (let proc = this.processes.youngest; proc >= 0; proc = this.processes.youngest) {
      const mm = this.processes.get(proc) as Mm;
      mm.clear();
      this.bury(proc, mm);
    }
  }

  /**
   * Keeps the machine's state between two ops; returns what puts it back, whatever has happened
   * since, or null where the design has state that cannot be kept. The watcher of the memtype list
   * hears nothing of it, and what the last op has logged is not put back.
   */
  keep(): (() => void) | null {
    const { memtype, kernelMaps, watch, design } = this;
    const { file, kernel, pool, ranges } = this.context;
    const processes = [...this.processes].map(([proc, mm]) => ({ proc, mm, fill: mm.keep() }));
    const vmas = processes.flatMap(({ mm }) => mm.vmas);
    const ownState = keepDesign(design, this.spec, vmas, this.events);
    if (ownState === null) return null;
    const counts = watch?.keep(vmas);
    const order = file.keep();
    const parts = [memtype, kernelMaps, kernel, pool, ranges.ram].map((part) => part.keep());
    return () => {
      this.clearEvents();
      this.buryAll();
      this.useDesign(design);
      for (const back of parts) back();
      const replaced = new Map<Mm, Mm>();
      for (const { proc, mm, fill } of processes) {
        const place = this.newMm();
        fill(place);
        this.processes.set(proc, place);
        replaced.set(mm, place);
      }
      ownState();
      counts?.();
      order(replaced);
    };
  }

  /**
   * Performs one op. An op on a process that is not alive is ESRCH and has no effect; so is one
   * that the process does not survive (KernelBug), though not without effect.
   */
  apply(given: Op): Outcome {
    const op = this.context.regions.length > 1 ? placedOp(given) : given;
    this.clearEvents();
    this.failed = null;
    if (op.op === "spawn") {
      this.processes.set(op.proc, this.newMm());
      return null;
    }
    const mm = this.processes.get(op.proc);
    if (mm === undefined) return "ESRCH";
    this.context.kernel.beginOp(op.fault);
    const outcome = this.survive(mm, op);
    this.failed = this.context.kernel.endOp();
    if (checks.thorough) assertSound(this);
    return outcome;
  }

  private survive(mm: Mm, op: Exclude<Op, OpOf<"spawn">>): Outcome {
    try {
      return this.applyTo(mm, op);
    } catch (error) {
      if (!(error instanceof KernelBug)) throw error;
      this.events.push({ kind: "bug", text: error.message });
      this.wedge(op.proc, mm, error);
      return "ESRCH";
    }
  }

  /**
   * What becomes of a task that died in a BUG(): exit_mmap() waits for a lock that it holds itself, so its VMAs are never freed; not
   * even unmapped if it holds their page table, or that lock for writing. Nor can it tell what its calls returned.
   */
  private wedge(proc: number, mm: Mm, { held }: KernelBug): void {
    this.processes.delete(proc);
    while (this.calls.length > 0) this.calls.pop();
    mm.isWedged = held !== "mmap-write";
    for (const vma of mm.vmas) {
      vma.isLinked = false;
      this.watch?.note(vma);
    }
    if (held !== "mmap-read") return;
    gatherInside(mm, 0, mm.end);
    clearGathered(this.context, mm);
  }

  /**
   * How many contexts that live VMAs hold count another number of them; 0 for a design without
   * contexts. A machine whose memtype list nobody watches does not count.
   */
  badContexts(): number {
    return this.watch?.countBad() ?? 0;
  }

  protected applyTo(mm: Mm, op: Exclude<Op, OpOf<"spawn">>): Outcome {
    const { context } = this;
    switch (op.op) {
      case "mmap":
        return mmapOf(context, mm, op);
      case "munmap":
        return munmap(context, mm, op.at, op.pages);
      case "mremap":
        return mremap(context, mm, op);
      case "mprotect":
        return mprotect(context, mm, op.at, op.pages, op.prot, op.pkey ?? "keep");
      case "madvise":
        return madvise(context, mm, op.at, op.pages, op.advice);
      case "mlock":
      case "munlock":
        return mlock(context, mm, op.at, op.pages, op.op === "mlock");
      case "mseal":
        return mseal(context, mm, op.at, op.pages);
      case "touch":
        return touch(context, mm, op.at, op.write, this.calls);
      case "peek":
        return peek(context, this.kernelMaps, mm, op.at);
      case "revoke":
      case "claim":
      case "release":
        return claim(context, this.processes.mms(), op.op, op.region ?? 0);
      case "fork":
        return this.fork(mm, op.child, op.late === true);
      case "exit":
        exitMmap(context, mm);
        this.bury(op.proc, mm);
        return null;
      default:
        // Only ops of drivers are left: of any other that were, the compiler would say so.
        return applyDriverOp(context, this.kernelMaps, mm, op, this.calls);
    }
  }

  private fork(parent: Mm, child: number, late: boolean): Outcome {
    const mm = this.newMm();
    const outcome = fork(this.context, parent, mm, late);
    if (outcome === null) this.processes.set(child, mm);
    else this.spare.push(mm);
    return outcome;
  }

  protected newMm(): Mm {
    const { context, spec, memtype } = this;
    return this.spare.pop() ?? new Mm(context.vpages, spec.parts?.pageTable, memtype.mapped);
  }

  private bury(proc: number, mm: Mm): void {
    this.processes.delete(proc);
    this.spare.push(mm);
  }

  private clearEvents(): void {
    this.memtype.beginOp();
    while (this.events.length > 0) this.events.pop();
    while (this.calls.length > 0) this.calls.pop();
  }
}
