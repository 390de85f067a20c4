import type { Outcome } from "../../src/mm/errno.ts";
import type { Mm } from "../../src/mm/mm.ts";
import type { DupReason } from "../../src/mm/tracking.ts";
import type { Vma } from "../../src/mm/vma.ts";
import type { Mutant } from "../../src/model/mutant.ts";
import { UC_MINUS } from "../../src/pat/cachemode.ts";
import { hasVmPat, VM_PAT, VmPatTracking } from "../tracking.ts";
import { inTracking } from "./make.ts";

/** Planted faults in what the VM_PAT design does on fork. */
export const FORK_MUTANTS: readonly Mutant[] = [
  inTracking(
    {
      id: "fork-keeps-flag",
      at: "dup",
      does: "the child has VM_PAT before it has a reservation, and keeps it when the fork fails",
      history: "to 6.14, and 6.1.y until late 2025 (dc84bc2aba85)",
    },
    class extends VmPatTracking {
      override dup(copy: Vma, original: Vma): void {
        copy.track = original.track;
      }
    },
  ),
  inTracking(
    {
      id: "failed-copy-leaks",
      at: "copyFailed",
      does: "clears the child's flag and keeps its reservation",
      history: "6.3 to 6.14 (d155df53f310)",
    },
    class extends VmPatTracking {
      override copyFailed(childVma: Vma): void {
        childVma.track = null;
      }
    },
  ),
  inTracking(
    {
      id: "failed-copy-frees-twice",
      at: "copyFailed",
      does: "gives the reservation back and leaves the flag for the child's teardown",
    },
    class extends VmPatTracking {
      override copyFailed(childVma: Vma, parent: Mm, parentVma: Vma): void {
        super.copyFailed(childVma, parent, parentVma);
        childVma.track = parentVma.track;
      }
    },
  ),
  inTracking(
    {
      id: "dup-drops-flag",
      at: "dup",
      does: "every duplicate loses VM_PAT, so splits and moves lose the tracking",
      history: "6.15-rc1 to rc5, about 6.12.23 to 6.12.30 (e9f180d7cfde)",
    },
    class extends VmPatTracking {
      override dup(copy: Vma): void {
        copy.track = null;
      }
    },
  ),
  inTracking(
    { id: "split-drops-flag", at: "dup", does: "the new half of a split loses VM_PAT" },
    class extends VmPatTracking {
      override dup(copy: Vma, original: Vma, reason: DupReason): void {
        copy.track = reason === "move" ? original.track : null;
      }
    },
  ),
  inTracking(
    { id: "move-drops-flag", at: "dup", does: "the copy that a move makes loses VM_PAT" },
    class extends VmPatTracking {
      override dup(copy: Vma, original: Vma, reason: DupReason): void {
        copy.track = reason === "split" ? original.track : null;
      }
    },
  ),
  inTracking(
    { id: "dup-steals-flag", at: "dup", does: "the flag goes from the original to the copy" },
    class extends VmPatTracking {
      override dup(copy: Vma, original: Vma, reason: DupReason): void {
        super.dup(copy, original, reason);
        if (reason === "split") original.track = null;
      }
    },
  ),
  inTracking(
    { id: "fork-reserves-nothing", at: "copy", does: "the child gets the flag, no reservation" },
    class extends VmPatTracking {
      override copy(childVma: Vma, _parent: Mm, parentVma: Vma): Outcome {
        childVma.track = parentVma.track;
        return null;
      }
    },
  ),
  inTracking(
    { id: "fork-forgets-flag", at: "copy", does: "the child gets a reservation, no flag" },
    class extends VmPatTracking {
      override copy(childVma: Vma, parent: Mm, parentVma: Vma): Outcome {
        const outcome = super.copy(childVma, parent, parentVma);
        childVma.track = null;
        return outcome;
      }
    },
  ),
  inTracking(
    {
      id: "fork-ignores-child",
      at: "copy",
      does: "the child is not tracked at all",
    },
    class extends VmPatTracking {
      override copy(): Outcome {
        return null;
      }
    },
  ),
  inTracking(
    {
      id: "fork-wants-uc-minus",
      at: "copy",
      does: "asks for uncached-minus whatever the parent's pages have",
    },
    class extends VmPatTracking {
      override copy(childVma: Vma, parent: Mm, parentVma: Vma): Outcome {
        const base = parent.pageTable.pfnAt(parentVma.start);
        if (!hasVmPat(parentVma) || base === null) return super.copy(childVma, parent, parentVma);
        const end = base + parentVma.pages;
        const error = this.ranges.track(base, end, UC_MINUS, true, this.granted);
        if (error === null) childVma.track = VM_PAT;
        return error;
      }
    },
  ),
  inTracking(
    {
      id: "fork-one-page-short",
      at: "copy",
      does: "reserves all pages but the last",
    },
    class extends VmPatTracking {
      override copy(childVma: Vma, parent: Mm, parentVma: Vma): Outcome {
        const base = parent.pageTable.pfnAt(parentVma.start);
        if (!hasVmPat(parentVma) || base === null || parentVma.pages === 1) {
          return super.copy(childVma, parent, parentVma);
        }
        const wanted = parent.pageTable.modeOfBits(parentVma.start);
        const end = base + parentVma.pages - 1;
        const error = this.ranges.track(base, end, wanted, true, this.granted);
        if (error === null) childVma.track = VM_PAT;
        return error;
      }
    },
  ),
  inTracking(
    {
      id: "fork-not-strict",
      at: "copy",
      does: "asks for the mode without insisting on it",
      equivalent:
        "the parent's own reservation covers the range, and overlapping ones have one mode: nothing is ever substituted",
    },
    class extends VmPatTracking {
      override copy(childVma: Vma, parent: Mm, parentVma: Vma): Outcome {
        const base = parent.pageTable.pfnAt(parentVma.start);
        if (!hasVmPat(parentVma) || base === null) return super.copy(childVma, parent, parentVma);
        const wanted = parent.pageTable.modeOfBits(parentVma.start);
        const end = base + parentVma.pages;
        const error = this.ranges.track(base, end, wanted, false, this.granted);
        if (error === null) childVma.track = VM_PAT;
        return error;
      }
    },
  ),
  inTracking(
    {
      id: "copied-head-frees-parent",
      at: "copy",
      does: "a fork of a copied first page fails with the flag set: teardown frees by vm_pgoff",
      history: "6.9 to 6.14, CVE-2025-22090",
    },
    class extends VmPatTracking {
      override copy(childVma: Vma, parent: Mm, parentVma: Vma): Outcome {
        const outcome = super.copy(childVma, parent, parentVma);
        if (outcome !== null && parentVma.isPrivate) childVma.track = parentVma.track;
        return outcome;
      }
    },
  ),
  inTracking(
    {
      id: "copied-head-forks",
      at: "copy",
      does: "a child whose first page is a copy is left untracked instead of refused",
      history: "to 6.8 (04c35ab3bdae)",
    },
    class extends VmPatTracking {
      override copy(childVma: Vma, parent: Mm, parentVma: Vma): Outcome {
        if (parent.pageTable.isAnon(parentVma.start)) return null;
        return super.copy(childVma, parent, parentVma);
      }
    },
  ),
];
