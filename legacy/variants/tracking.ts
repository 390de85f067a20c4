import type { Outcome } from "../../src/mm/errno.ts";
import type { Mm } from "../../src/mm/mm.ts";
import type { DupReason, UnmapReason } from "../../src/mm/tracking.ts";
import type { Pfn } from "../../src/mm/units.ts";
import type { Vma } from "../../src/mm/vma.ts";
import type { Costs, ReshapingRanges } from "../../src/model/variant.ts";
import type { PageCacheMode } from "../../src/pat/cachemode.ts";
import type { KernelState } from "../../src/pat/kernelstate.ts";
import type { ModeRef } from "../../src/pat/memtype.ts";
import { hasVmPat, VM_PAT, VmPatTracking } from "../tracking.ts";

/** D1 (Peter Xu, 2024): untracks when the region is unmapped, not when it is zapped. */
export class UnmapOnlyTracking extends VmPatTracking {
  override unmap(mm: Mm, vma: Vma, reason: UnmapReason = "unmap"): void {
    if (reason === "unmap") super.unmap(mm, vma);
  }
}

/** D2: D1 with the base kept in vm_pgoff for shared mappings too; drivers may have changed it. */
export class OffsetTracking extends UnmapOnlyTracking {
  override copy(childVma: Vma, parent: Mm, parentVma: Vma): Outcome {
    if (!hasVmPat(parentVma)) return null;
    const base = parentVma.pfn;
    const isMapped = parent.pageTable.pfnAt(parentVma.start) !== null;
    const wanted = isMapped
      ? parent.pageTable.modeOfBits(parentVma.start)
      : this.ranges.lookup(base);
    const error = this.ranges.track(base, base + parentVma.pages, wanted, true, this.granted);
    if (error === null) childVma.track = VM_PAT;
    return error;
  }

  protected override base(_mm: Mm, vma: Vma): Pfn {
    return vma.pfn;
  }
}

/** D3 (Nam Cao, 2024): a VMA split cuts the reservation that equals the VMA, if there is one. */
export class SplitHookTracking extends VmPatTracking {
  constructor(
    private readonly reshaping: ReshapingRanges,
    kernel: KernelState,
    private readonly costs: Costs,
  ) {
    super(reshaping, kernel);
  }

  override dup(copy: Vma, original: Vma, reason: DupReason): void {
    super.dup(copy, original, reason);
    if (reason !== "split" || !hasVmPat(original)) return;
    const [start, at, end] = [original.pfn, copy.pfn, original.pfn + original.pages];
    const pieces = [
      [start, at],
      [at, end],
    ] as const;
    if (this.reshaping.reshape(start, end, pieces)) this.costs.allocationsInSplit++;
  }
}

/** D6 (Wilcox, Molnar): a tracked mapping that could be copied on write is refused. */
export class NoCowTracking extends VmPatTracking {
  override remap(vma: Vma, wanted: PageCacheMode, granted: ModeRef, pfn: Pfn): Outcome {
    return vma.isPrivate ? "EINVAL" : super.remap(vma, wanted, granted, pfn);
  }
}
