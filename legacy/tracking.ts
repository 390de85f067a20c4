import type { Outcome } from "../src/mm/errno.ts";
import type {
  DupReason,
  PfnTracking,
  TrackedKernel,
  TrackedMm,
  TrackedRanges,
  TrackedVma,
} from "../src/mm/tracking.ts";
import type { PageCount, Pfn } from "../src/mm/units.ts";
import type { PageCacheMode } from "../src/pat/cachemode.ts";
import type { ModeRef } from "../src/pat/memtype.ts";

/** VM_PAT: the only thing that the design keeps of a tracked VMA. */
export const VM_PAT: object = Object.freeze({});

/** Whether a VMA carries VM_PAT, which smaps shows as `ar`. */
export function hasVmPat(vma: TrackedVma): boolean {
  return vma.track !== null;
}

/**
 * The VM_PAT design (to 6.15; read in 6.1.192 and 6.12.117, whose fork holds the fix of
 * dc84bc2aba85). Neither range nor cache mode is stored: both are derived again from the page
 * table, and from vm_pgoff where the first page was copied on write.
 */
export class VmPatTracking implements PfnTracking {
  protected readonly granted: ModeRef = { mode: 0 };

  constructor(
    protected readonly ranges: TrackedRanges,
    protected readonly kernel: TrackedKernel,
    /** Whether fork refuses every substitution of the cache mode, as all releases do. */
    private readonly strictFork = true,
  ) {}

  /** track_pfn_remap(): every failure becomes EINVAL in remap_pfn_range(). */
  remap(vma: TrackedVma, wanted: PageCacheMode, granted: ModeRef, pfn: Pfn): Outcome {
    const end = pfn + vma.pages;
    if (this.ranges.track(pfn, end, wanted, false, granted) !== null) return "EINVAL";
    this.kernel.writesVmFlags("track_pfn_remap");
    vma.track = VM_PAT;
    return null;
  }

  /** untrack_pfn() of a given range: the zap before it has often cleared the flag already. */
  remapFailed(vma: TrackedVma, pfn: Pfn, pages: PageCount): void {
    if (!hasVmPat(vma)) return;
    this.ranges.untrack(pfn, pfn + pages);
    this.kernel.writesVmFlags("untrack_pfn");
    vma.track = null;
  }

  /** vm_area_dup() copies the flag; dup_mmap() clears it again in the child. */
  dup(copy: TrackedVma, original: TrackedVma, reason: DupReason): void {
    copy.track = reason === "fork" ? null : original.track;
  }

  /**
   * track_pfn_copy(): the child reserves the VMA's present range for itself, strictly with the
   * mode of its first page. A first page that was copied on write has lost that mode.
   */
  copy(childVma: TrackedVma, parent: TrackedMm, parentVma: TrackedVma): Outcome {
    if (!hasVmPat(parentVma)) return null;
    const base = parent.pageTable.pfnAt(parentVma.start);
    if (base === null) {
      if (!parentVma.isPrivate) this.warn("track_pfn_copy");
      return "EINVAL";
    }
    const wanted = parent.pageTable.modeOfBits(parentVma.start);
    const end = base + parentVma.pages;
    const error = this.ranges.track(base, end, wanted, this.strictFork, this.granted);
    if (error !== null) return error;
    childVma.track = VM_PAT;
    return null;
  }

  /** untrack_pfn_copy(): what copy() reserved is given back by its pfn. */
  copyFailed(childVma: TrackedVma, parent: TrackedMm, parentVma: TrackedVma): void {
    if (!hasVmPat(childVma)) return;
    const base = parent.pageTable.pfnAt(parentVma.start);
    if (base !== null) this.ranges.untrack(base, base + childVma.pages);
    childVma.track = null;
  }

  /**
   * untrack_pfn() on the whole VMA, however little of it goes; the flag goes even when the free
   * fails.
   */
  unmap(mm: TrackedMm, vma: TrackedVma): void {
    if (!hasVmPat(vma)) return;
    const base = this.base(mm, vma);
    if (base === null) return;
    this.ranges.untrack(base, base + vma.pages);
    vma.track = null;
  }

  /** untrack_pfn_clear(): the whole old VMA loses the flag, even if only a piece moved. */
  moved(vma: TrackedVma): void {
    vma.track = null;
  }

  keep(): () => void {
    return () => undefined;
  }

  /** Nothing is kept but what VMAs carry. */
  reboot(): void {}

  /** The design has nothing left to do when a VMA is freed. */
  free(): void {}

  /** get_pat_info() without the cache mode: the page table, else vm_pgoff of a COW mapping. */
  protected base(mm: TrackedMm, vma: TrackedVma): Pfn | null {
    const pfn = mm.pageTable.pfnAt(vma.start);
    if (pfn !== null) return pfn;
    if (vma.isPrivate) return vma.pfn;
    this.warn("untrack_pfn");
    return null;
  }

  protected warn(caller: string): void {
    this.kernel.warnOnce(`${caller}: no pfn at the start of the VMA`);
  }
}
