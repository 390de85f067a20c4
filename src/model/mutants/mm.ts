import type { Outcome } from "../../mm/errno.ts";
import type { Mm } from "../../mm/mm.ts";
import { clearGathered, freeGathered, gatherInside, munmap } from "../../mm/munmap.ts";
import type { Vma } from "../../mm/vma.ts";
import type { Op, OpOf } from "../../trace/op.ts";
import { Machine } from "../machine.ts";
import type { SharedFault } from "./shared.ts";

type SyscallOp = Exclude<Op, OpOf<"spawn">>;

function inMm(
  id: string,
  at: string,
  does: string,
  machine: typeof Machine,
  more: Partial<SharedFault> = {},
): SharedFault {
  return { id, place: "mm", at, does, parts: { machine }, on: ["modern"], ...more };
}

/** A machine that performs another op than the one it is told. */
function rewriting(rewrite: (op: SyscallOp, mm: Mm) => SyscallOp): typeof Machine {
  return class extends Machine {
    protected override applyTo(mm: Mm, op: SyscallOp): Outcome {
      return super.applyTo(mm, rewrite(op, mm));
    }
  };
}

/** The VMA at a page, where it reaches further than to `end`. */
function reaching(mm: Mm, at: number, end: number): Vma | null {
  const vma = mm.lookup(at);
  return vma !== null && vma.end > end ? vma : null;
}

/** Planted faults in the system calls of the address space. */
export const MM_FAULTS: readonly SharedFault[] = [
  inMm(
    "munmap-page-short",
    "munmap",
    "leaves the last page of several",
    rewriting((op) => (op.op === "munmap" && op.pages > 1 ? { ...op, pages: op.pages - 1 } : op)),
    { on: ["modern", "legacy"] },
  ),
  inMm(
    "munmap-whole-vma",
    "munmap",
    "takes the rest of the VMA too",
    rewriting((op, mm) => {
      if (op.op !== "munmap") return op;
      const vma = reaching(mm, op.at, op.at + op.pages);
      return vma === null ? op : { ...op, pages: vma.end - op.at };
    }),
  ),
  inMm(
    "munmap-forgets-free",
    "munmap",
    "VMAs leave the list and are never freed",
    class extends Machine {
      protected override applyTo(mm: Mm, op: SyscallOp): Outcome {
        if (op.op !== "munmap" || op.fault !== undefined) return super.applyTo(mm, op);
        const { at, pages } = op;
        const vma = mm.lookup(at);
        if (vma === null || vma.start !== at || vma.end !== at + pages) {
          return munmap(this.context, mm, at, pages);
        }
        gatherInside(mm, at, at + pages);
        clearGathered(this.context, mm);
        mm.remove(vma);
        return null;
      }
    },
  ),
  inMm(
    "munmap-forgets-clear",
    "munmap",
    "VMAs are freed and the tracking never hears of the unmap",
    class extends Machine {
      protected override applyTo(mm: Mm, op: SyscallOp): Outcome {
        if (op.op !== "munmap" || op.fault !== undefined) return super.applyTo(mm, op);
        const { at, pages } = op;
        const vma = mm.lookup(at);
        if (vma === null || vma.start !== at || vma.end !== at + pages) {
          return munmap(this.context, mm, at, pages);
        }
        mm.pageTable.zap(at, at + pages);
        gatherInside(mm, at, at + pages);
        freeGathered(this.context, mm);
        return null;
      }
    },
    { on: ["legacy"] },
  ),
  inMm(
    "exit-forgets-last",
    "exitMmap",
    "the last VMA of a process is never freed",
    class extends Machine {
      protected override applyTo(mm: Mm, op: SyscallOp): Outcome {
        const last = mm.vmas.at(-1);
        if (op.op === "exit" && last !== undefined) {
          gatherInside(mm, last.start, last.end);
          clearGathered(this.context, mm);
          mm.remove(last);
        }
        return super.applyTo(mm, op);
      }
    },
  ),
  inMm(
    "exit-from-the-top",
    "exitMmap",
    "VMAs are freed from the highest address down",
    class extends Machine {
      protected override applyTo(mm: Mm, op: SyscallOp): Outcome {
        if (op.op === "exit") {
          gatherInside(mm, 0, mm.end);
          clearGathered(this.context, mm);
          for (const { start, end } of mm.vmas.reverse()) {
            gatherInside(mm, start, end);
            freeGathered(this.context, mm);
          }
        }
        return super.applyTo(mm, op);
      }
    },
    { equivalent: "puts of one process commute: each context is given back by its last put" },
  ),
  inMm(
    "exit-untracks-from-the-top",
    "exitMmap",
    "VMAs are unmapped from the highest address down",
    class extends Machine {
      protected override applyTo(mm: Mm, op: SyscallOp): Outcome {
        if (op.op === "exit") {
          for (const { start, end } of mm.vmas.reverse()) {
            gatherInside(mm, start, end);
            clearGathered(this.context, mm);
          }
        }
        return super.applyTo(mm, op);
      }
    },
    { on: ["legacy"] },
  ),
  inMm(
    "mremap-shrinks-head",
    "mremap",
    "a shrink takes the pages from the front",
    rewriting((op) => {
      if (op.op !== "mremap" || op.to !== undefined || op.newPages >= op.pages) return op;
      if (op.newPages === 0) return op;
      return { op: "munmap", proc: op.proc, at: op.at, pages: op.pages - op.newPages };
    }),
  ),
  inMm(
    "mremap-shrink-ignored",
    "mremap",
    "a shrink in place does nothing",
    rewriting((op) =>
      op.op === "mremap" && op.to === undefined && op.newPages < op.pages && op.newPages > 0
        ? { ...op, newPages: op.pages }
        : op,
    ),
  ),
  inMm(
    "mremap-lands-short",
    "mremap",
    "a move lands one page before its target",
    rewriting((op) =>
      op.op === "mremap" && op.to !== undefined && op.to > op.at + op.pages
        ? { ...op, to: op.to - 1 }
        : op,
    ),
  ),
  inMm(
    "mremap-drops-moved",
    "mremap",
    "what was moved is unmapped at once",
    class extends Machine {
      protected override applyTo(mm: Mm, op: SyscallOp): Outcome {
        const outcome = super.applyTo(mm, op);
        if (op.op === "mremap" && op.to !== undefined && outcome === null) {
          munmap(this.context, mm, op.to, op.newPages);
        }
        return outcome;
      }
    },
  ),
  inMm(
    "mprotect-whole-vma",
    "mprotect",
    "changes the whole VMA without a split",
    class extends Machine {
      protected override applyTo(mm: Mm, op: SyscallOp): Outcome {
        const vma = op.op === "mprotect" ? mm.lookup(op.at) : null;
        if (op.op !== "mprotect" || vma === null || vma.end < op.at + op.pages) {
          return super.applyTo(mm, op);
        }
        vma.prot = op.prot;
        return null;
      }
    },
  ),
  inMm(
    "mprotect-ignored",
    "mprotect",
    "splits and changes nothing",
    class extends Machine {
      protected override applyTo(mm: Mm, op: SyscallOp): Outcome {
        const was = op.op === "mprotect" ? mm.lookup(op.at)?.prot : undefined;
        const outcome = super.applyTo(mm, op);
        const vma = op.op === "mprotect" ? mm.lookup(op.at) : null;
        if (vma !== null && was !== undefined) vma.prot = was;
        return outcome;
      }
    },
  ),
  inMm(
    "dontfork-ignored",
    "madvise",
    "MADV_DONTFORK changes nothing",
    rewriting((op) =>
      op.op === "madvise" && op.advice === "dontfork" ? { ...op, advice: "willneed" } : op,
    ),
  ),
  inMm(
    "fork-copies-dontfork",
    "fork",
    "a child has the VMAs that MADV_DONTFORK keeps from it",
    class extends Machine {
      protected override applyTo(mm: Mm, op: SyscallOp): Outcome {
        if (op.op !== "fork") return super.applyTo(mm, op);
        const kept = mm.vmas.filter((vma) => vma.dontfork);
        for (const vma of kept) vma.dontfork = false;
        const outcome = super.applyTo(mm, op);
        for (const vma of kept) vma.dontfork = true;
        return outcome;
      }
    },
  ),
  inMm(
    "fork-skips-last",
    "fork",
    "a child does not get the last of several VMAs",
    class extends Machine {
      protected override applyTo(mm: Mm, op: SyscallOp): Outcome {
        const last = op.op === "fork" && mm.count > 1 ? mm.vmas.at(-1) : undefined;
        const was = last?.dontfork ?? false;
        if (last !== undefined) last.dontfork = true;
        const outcome = super.applyTo(mm, op);
        if (last !== undefined) last.dontfork = was;
        return outcome;
      }
    },
  ),
  inMm(
    "mmap-keeps-replaced",
    "mmap",
    "MAP_FIXED leaves what it should replace, and fails",
    class extends Machine {
      protected override applyTo(mm: Mm, op: SyscallOp): Outcome {
        if (op.op !== "mmap") return super.applyTo(mm, op);
        const next = mm.find(op.at);
        if (next === null || next.start >= op.at + op.pages) return super.applyTo(mm, op);
        return "EEXIST";
      }
    },
  ),
  inMm(
    "mmap-maps-pfn-before",
    "mmap",
    "maps from one pfn before the one asked",
    rewriting((op) => (op.op === "mmap" && op.pfn > 0 ? { ...op, pfn: op.pfn - 1 } : op)),
  ),
];
