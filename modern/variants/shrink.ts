import { type Share, type Shared, shareOf } from "./shares.ts";
import { SharingTracking } from "./sharing.ts";

/**
 * Design A (cover letter of the series): when one VMA is left, the tracking shrinks to what it
 * maps. That VMA may belong to another process, whose lock is not held; the kernel has no pointer
 * to it, so the context needs one.
 */
export class ShrinkingTracking extends SharingTracking {
  protected override remaining(ctx: Shared, freed: Share): void {
    const [left] = ctx.holders;
    const share = ctx.kref === 1 && left !== undefined ? shareOf(left) : null;
    if (left === undefined || share === null || left.pages >= ctx.pages) return;
    if (share.process !== freed.process) this.costs.foreignVmas++;
    const end = share.pfn + left.pages;
    if (!this.ranges.reshape(ctx.pfn, ctx.pfn + ctx.pages, [[share.pfn, end]])) return;
    ctx.pfn = share.pfn;
    ctx.pages = left.pages;
  }
}

/** Design A where the last VMA must be of the same process: else nothing shrinks. */
export class LocalShrinkingTracking extends ShrinkingTracking {
  protected override remaining(ctx: Shared, freed: Share): void {
    const [left] = ctx.holders;
    const share = left === undefined ? null : shareOf(left);
    if (share?.process === freed.process) super.remaining(ctx, freed);
  }
}
