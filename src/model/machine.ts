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
import { MemtypeList } from "../pat/memtype.ts";
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

  constructor(
    world: World,
    readonly spec: DesignSpec,
  ) {
    this.memtype = new MemtypeList(world.mtrr, spec.eraseByEnd, this.events);
    const ranges = new PfnRanges(this.memtype, this.events);
    const tracking = spec.tracking(ranges, this.events);
    this.context = { profile: spec.profile, tracking, vpages: world.vpages };
  }

  /** Performs one op. An op on a process that is not alive is ESRCH and has no effect. */
  apply(op: Op): Outcome {
    this.events.length = 0;
    if (op.op === "spawn") {
      this.processes.set(op.proc, new Mm(this.context.vpages));
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
        this.processes.delete(op.proc);
        return null;
    }
  }

  private fork(parent: Mm, child: number): Outcome {
    const mm = new Mm(this.context.vpages);
    const outcome = fork(this.context, parent, mm);
    if (outcome === null) this.processes.set(child, mm);
    return outcome;
  }
}
