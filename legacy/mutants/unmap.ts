import type { Outcome } from "../../src/mm/errno.ts";
import type { Mm } from "../../src/mm/mm.ts";
import type { UnmapReason } from "../../src/mm/tracking.ts";
import type { PageCount, Pfn } from "../../src/mm/units.ts";
import type { Vma } from "../../src/mm/vma.ts";
import type { Mutant } from "../../src/model/mutant.ts";
import type { PageCacheMode } from "../../src/pat/cachemode.ts";
import type { ModeRef } from "../../src/pat/memtype.ts";
import { legacySpec } from "../index.ts";
import { hasVmPat, VM_PAT, VmPatTracking } from "../tracking.ts";
import { inTracking } from "./make.ts";

/** Planted faults in what the VM_PAT design does when it maps, unmaps, zaps and moves. */
export const UNMAP_MUTANTS: readonly Mutant[] = [
  inTracking(
    { id: "remap-forgets-flag", at: "remap", does: "reserves and does not set VM_PAT" },
    class extends VmPatTracking {
      override remap(vma: Vma, wanted: PageCacheMode, granted: ModeRef, pfn: Pfn): Outcome {
        const outcome = super.remap(vma, wanted, granted, pfn);
        vma.track = null;
        return outcome;
      }
    },
  ),
  inTracking(
    { id: "remap-flags-failure", at: "remap", does: "sets VM_PAT though the reservation failed" },
    class extends VmPatTracking {
      override remap(vma: Vma, wanted: PageCacheMode, granted: ModeRef, pfn: Pfn): Outcome {
        const outcome = super.remap(vma, wanted, granted, pfn);
        vma.track = VM_PAT;
        return outcome;
      }
    },
  ),
  inTracking(
    { id: "remap-ignores-grant", at: "remap", does: "maps with the mode that was wanted" },
    class extends VmPatTracking {
      override remap(vma: Vma, wanted: PageCacheMode, granted: ModeRef, pfn: Pfn): Outcome {
        const outcome = super.remap(vma, wanted, granted, pfn);
        granted.mode = wanted;
        return outcome;
      }
    },
  ),
  inTracking(
    {
      id: "failed-remap-leaks",
      isRare: true,
      at: "remapFailed",
      does: "a remap that fails keeps its reservation",
    },
    class extends VmPatTracking {
      override remapFailed(vma: Vma): void {
        vma.track = null;
      }
    },
  ),
  inTracking(
    {
      id: "failed-remap-frees-twice",
      at: "remapFailed",
      does: "unreserves and keeps the flag",
      isRare: true,
    },
    class extends VmPatTracking {
      override remapFailed(vma: Vma, pfn: Pfn, pages: PageCount): void {
        const wasTracked = hasVmPat(vma);
        super.remapFailed(vma, pfn, pages);
        if (wasTracked && vma.isPrivate) vma.track = VM_PAT;
        else if (wasTracked) this.ranges.untrack(pfn, pfn + pages);
      }
    },
  ),
  inTracking(
    {
      id: "zap-keeps-tracking",
      at: "unmap",
      does: "untracks only when the VMA goes, still by its page table",
      history: "proposed in 2024, not merged",
    },
    class extends VmPatTracking {
      override unmap(mm: Mm, vma: Vma, reason: UnmapReason = "unmap"): void {
        if (reason === "unmap") super.unmap(mm, vma);
      }
    },
  ),
  inTracking(
    { id: "unmap-keeps-flag", at: "unmap", does: "frees and leaves VM_PAT set" },
    class extends VmPatTracking {
      override unmap(mm: Mm, vma: Vma): void {
        const { track } = vma;
        super.unmap(mm, vma);
        vma.track = track;
      }
    },
  ),
  inTracking(
    { id: "unmap-frees-nothing", at: "unmap", does: "clears the flag and keeps the reservation" },
    class extends VmPatTracking {
      override unmap(_mm: Mm, vma: Vma): void {
        vma.track = null;
      }
    },
  ),
  inTracking(
    { id: "unmap-one-page-short", at: "unmap", does: "frees all pages but the last" },
    class extends VmPatTracking {
      override unmap(mm: Mm, vma: Vma): void {
        if (!hasVmPat(vma) || vma.pages === 1) return super.unmap(mm, vma);
        const base = this.base(mm, vma);
        if (base === null) return;
        this.ranges.untrack(base, base + vma.pages - 1);
        vma.track = null;
      }
    },
  ),
  inTracking(
    {
      id: "unmap-by-offset",
      at: "unmap",
      does: "takes the base from vm_pgoff for every VMA, shared ones too",
      history: "proposed in 2024, not merged; breaks drivers whose offset is no pfn",
    },
    class extends VmPatTracking {
      protected override base(_mm: Mm, vma: Vma): Pfn {
        return vma.pfn;
      }
    },
  ),
  inTracking(
    {
      id: "copied-head-leaks",
      at: "unmap",
      does: "a copied first page hides the base: nothing is freed",
      history: "to 6.8, CVE-2024-35877 (04c35ab3bdae)",
    },
    class extends VmPatTracking {
      override unmap(mm: Mm, vma: Vma): void {
        if (mm.pageTable.isAnon(vma.start)) vma.track = null;
        super.unmap(mm, vma);
      }
    },
  ),
  inTracking(
    { id: "unmap-silent", at: "unmap", does: "does not warn of a base that cannot be derived" },
    class extends VmPatTracking {
      protected override warn(): void {}
    },
  ),
  inTracking(
    { id: "moved-keeps-flag", at: "moved", does: "the old VMA of a move stays tracked" },
    class extends VmPatTracking {
      override moved(): void {}
    },
  ),
  inTracking(
    { id: "moved-frees", at: "moved", does: "the move gives the range back" },
    class extends VmPatTracking {
      override moved(vma: Vma): void {
        if (hasVmPat(vma)) this.ranges.untrack(vma.pfn, vma.pfn + vma.pages);
        vma.track = null;
      }
    },
  ),
  inTracking(
    { id: "free-untracks-again", at: "free", does: "a freed VMA untracks its range once more" },
    class extends VmPatTracking {
      override unmap(mm: Mm, vma: Vma): void {
        super.unmap(mm, vma);
        vma.track = VM_PAT;
      }
      override free(vma?: Vma): void {
        if (vma !== undefined && hasVmPat(vma)) this.ranges.untrack(vma.pfn, vma.pfn + vma.pages);
      }
    },
  ),
  {
    id: "move-error-clears-source",
    reference: "legacy",
    place: "tracking",
    at: "moved",
    does: "a failed move clears the flag of the VMA that stays",
    history: "6.15 only",
    spec: {
      ...legacySpec("6.12"),
      profile: { ...legacySpec("6.12").profile, mremapErrorClearsSource: true },
    },
  },
];
