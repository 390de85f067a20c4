import type { Outcome } from "../mm/errno.ts";
import { touch } from "../mm/fault.ts";
import { fork } from "../mm/fork.ts";
import { Mm, type MmContext } from "../mm/mm.ts";
import { mmap } from "../mm/mmap.ts";
import { madvise, mprotect } from "../mm/mprotect.ts";
import { mremap } from "../mm/mremap.ts";
import { exitMmap, munmap } from "../mm/munmap.ts";
import type { MmProfile } from "../mm/profile.ts";
import type { PfnTracking } from "../mm/tracking.ts";
import type { Vma } from "../mm/vma.ts";
import type { PatEvent } from "../pat/events.ts";
import { MemtypeList, type MemtypeWatcher } from "../pat/memtype.ts";
import { PfnRanges } from "../pat/pfnmap.ts";
import type { Op, OpOf } from "../trace/op.ts";
import type { World } from "../trace/trace.ts";
import { DRIVERS } from "./drivers.ts";

/** A tracking context as a design shows it: range and count. */
export interface ShownContext {
  readonly pfn: number;
  readonly pages: number;
  readonly kref: number;
}

/** What makes a machine one design of one release. */
export interface DesignSpec {
  readonly profile: MmProfile;
  readonly eraseByEnd: boolean;
  readonly tracking: (ranges: PfnRanges, log: PatEvent[]) => PfnTracking;
  /** Whether a VMA shows VM_PAT; absent where the design has no such flag. */
  readonly hasVmPat?: (vma: Vma) => boolean;
  /** The context that a VMA holds; absent where the design has none. */
  readonly contextOf?: (vma: Vma) => ShownContext | null;
}

/** A running model: processes, their address spaces, and the memtype list they share. */
export class Machine {
  readonly memtype: MemtypeList;
  /** What the kernel has logged since the last op began. */
  readonly events: PatEvent[] = [];
  /** Live processes by id, in order of birth. */
  readonly processes = new Map<number, Mm>();
  private readonly context: MmContext;
  /** Empty address spaces of processes that are gone: page tables are what costs most to make. */
  private readonly spare: Mm[] = [];

  constructor(
    world: World,
    readonly spec: DesignSpec,
    watcher: MemtypeWatcher | null = null,
  ) {
    this.memtype = new MemtypeList(world.pfns, world.mtrr, spec.eraseByEnd, this.events, watcher);
    const ranges = new PfnRanges(this.memtype, this.events);
    const tracking = spec.tracking(ranges, this.events);
    this.context = { profile: spec.profile, tracking, vpages: world.vpages };
  }

  /** Back to a fresh boot: no process, no reservation. What was allocated is kept for reuse. */
  reset(): void {
    for (const [proc, mm] of this.processes) {
      mm.clear();
      this.bury(proc, mm);
    }
    this.memtype.clear();
    this.clearEvents();
  }

  /** Performs one op. An op on a process that is not alive is ESRCH and has no effect. */
  apply(op: Op): Outcome {
    this.clearEvents();
    if (op.op === "spawn") {
      this.processes.set(op.proc, this.newMm());
      return null;
    }
    const mm = this.processes.get(op.proc);
    return mm === undefined ? "ESRCH" : this.applyTo(mm, op);
  }

  private applyTo(mm: Mm, op: Exclude<Op, OpOf<"spawn">>): Outcome {
    const { context } = this;
    switch (op.op) {
      case "mmap": {
        const { at, pages, pfn, prot } = op;
        const driver = DRIVERS[op.via];
        return mmap(context, mm, { at, pages, pfn, prot, isPrivate: op.private, driver });
      }
      case "munmap":
        return munmap(context, mm, op.at, op.pages);
      case "mremap": {
        const { at, pages, newPages, to } = op;
        return mremap(context, mm, { at, pages, newPages, to });
      }
      case "mprotect":
        return mprotect(context, mm, op.at, op.pages, op.prot);
      case "madvise":
        return madvise(context, mm, op.at, op.pages, op.advice);
      case "touch":
        return touch(mm, op.at, op.write);
      case "fork":
        return this.fork(mm, op.child);
      case "exit":
        exitMmap(context, mm);
        this.bury(op.proc, mm);
        return null;
    }
  }

  private fork(parent: Mm, child: number): Outcome {
    const mm = this.newMm();
    const outcome = fork(this.context, parent, mm);
    if (outcome === null) this.processes.set(child, mm);
    else this.spare.push(mm);
    return outcome;
  }

  private newMm(): Mm {
    return this.spare.pop() ?? new Mm(this.context.vpages);
  }

  private bury(proc: number, mm: Mm): void {
    this.processes.delete(proc);
    this.spare.push(mm);
  }

  private clearEvents(): void {
    while (this.events.length > 0) this.events.pop();
  }
}
