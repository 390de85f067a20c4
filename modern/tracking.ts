import type { Outcome } from "../src/mm/errno.ts";
import type { PfnTracking, TrackedKernel, TrackedRanges, TrackedVma } from "../src/mm/tracking.ts";
import type { PageCount, Pfn } from "../src/mm/units.ts";
import type { PageCacheMode } from "../src/pat/cachemode.ts";
import type { ModeRef } from "../src/pat/memtype.ts";

/** struct pfnmap_track_ctx: the range one remap_pfn_range() tracked, and how many VMAs share it. */
export class PfnmapTrackCtx {
  kref = 1;
  counted = 0;
  isBad = false;

  constructor(
    public pfn: Pfn,
    public pages: PageCount,
  ) {}
}

/** So many contexts are kept for the next boot. */
const MOST_KEPT = 4096;

/** The context of a VMA, or null where the VMA is not tracked. */
export function ctxOf(vma: TrackedVma): PfnmapTrackCtx | null {
  return vma.track as PfnmapTrackCtx | null;
}

/**
 * The refcounted design (6.16 on; read in 7.2.12): one context per remap_pfn_range(), its range
 * fixed at creation, shared by a kref through split, move and fork. The last put untracks the
 * whole range. Nothing happens on unmap, on page table copies, or when pages move away.
 */
export class KrefTracking implements PfnTracking {
  /** Contexts made since the design was, of which so many are in use since the boot. */
  private readonly made: PfnmapTrackCtx[] = [];
  private used = 0;

  constructor(
    protected readonly ranges: TrackedRanges,
    protected readonly kernel: TrackedKernel,
  ) {}

  /** remap_pfn_range_track(): a VMA that holds a context already is refused, silently. */
  remap(vma: TrackedVma, wanted: PageCacheMode, granted: ModeRef, pfn: Pfn): Outcome {
    if (vma.track !== null) return "EINVAL";
    const end = pfn + vma.pages;
    if (this.ranges.track(pfn, end, wanted, false, granted) !== null) return "EINVAL";
    if (this.kernel.fails("context")) {
      this.ranges.untrack(pfn, end);
      return "ENOMEM";
    }
    vma.track = this.newCtx(pfn, vma.pages);
    return null;
  }

  /** The context of the call that failed goes again; a part has made none. */
  remapFailed(vma: TrackedVma, _pfn: Pfn, _pages: PageCount, whole: boolean): void {
    if (whole) this.free(vma);
  }

  /** vma_pfnmap_track_ctx_dup(): the copy takes a reference, whatever it was made for. */
  dup(copy: TrackedVma, original: TrackedVma): void {
    const ctx = ctxOf(original);
    copy.track = ctx;
    if (ctx !== null) ctx.kref++;
  }

  /** fork() reserves nothing: the reference was taken when the VMA was duplicated. */
  copy(): Outcome {
    return null;
  }

  /** A failed copy leaves the reference to the child's teardown. */
  copyFailed(): void {}

  /** Unmapping and zapping never touch the tracking. */
  unmap(): void {}

  /** The old VMA keeps its reference until it is freed. */
  moved(): void {}

  keep(tracks: readonly object[]): () => void {
    const { used } = this;
    const contexts = tracks as readonly PfnmapTrackCtx[];
    const kept = contexts.map((ctx) => ({ ctx, pfn: ctx.pfn, pages: ctx.pages, kref: ctx.kref }));
    return () => {
      this.used = used;
      for (const { ctx, pfn, pages, kref } of kept) {
        ctx.pfn = pfn;
        ctx.pages = pages;
        ctx.kref = kref;
      }
    };
  }

  reboot(): void {
    this.used = 0;
  }

  private newCtx(pfn: Pfn, pages: PageCount): PfnmapTrackCtx {
    const ctx = this.made[this.used];
    if (ctx === undefined) {
      const made = new PfnmapTrackCtx(pfn, pages);
      if (this.used < MOST_KEPT) this.made[this.used++] = made;
      return made;
    }
    this.used++;
    ctx.pfn = pfn;
    ctx.pages = pages;
    ctx.kref = 1;
    ctx.counted = 0;
    ctx.isBad = false;
    return ctx;
  }

  /** vma_pfnmap_track_ctx_release(): the last put gives the whole range back. */
  free(vma: TrackedVma): void {
    const ctx = ctxOf(vma);
    if (ctx === null) return;
    vma.track = null;
    ctx.kref--;
    if (ctx.kref === 0) this.ranges.untrack(ctx.pfn, ctx.pfn + ctx.pages);
  }
}
