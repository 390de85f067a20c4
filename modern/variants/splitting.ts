import type { Vma } from "../../src/mm/vma.ts";
import type { ModeRef } from "../../src/pat/memtype.ts";
import { type Share, Shared, Share as ShareOf, shareOf } from "./shares.ts";
import { SharingTracking } from "./sharing.ts";

/**
 * Design B1: a VMA split cuts the reservation of a context that only it holds, and each half has
 * a context of its own. A move duplicates the VMA before it splits it, so it always finds two
 * references. Where an allocation fails the halves share the context.
 */
export class SplittingTracking extends SharingTracking {
  protected override split(copy: Vma, original: Vma, share: Share): void {
    const { ctx } = share;
    if (ctx.kref === 2) this.splitOwn(copy, original, share);
    else this.splitShared(copy, original, share);
  }

  /** More VMAs than the two halves hold the context: here they go on sharing it (ii). */
  protected splitShared(_copy: Vma, _original: Vma, _share: Share): void {}

  private splitOwn(copy: Vma, original: Vma, share: Share): void {
    const { ctx } = share;
    const upper = shareOf(copy);
    if (upper === null || this.kernel.fails("memtype") || this.kernel.fails("context")) return;
    const end = ctx.pfn + ctx.pages;
    const isWhole = share.pfn === ctx.pfn && share.pfn + original.pages === end;
    if (!isWhole || ctx.parent !== null) return;
    const pieces = [
      [ctx.pfn, upper.pfn],
      [upper.pfn, end],
    ] as const;
    if (!this.ranges.reshape(ctx.pfn, end, pieces)) return;
    this.costs.allocationsInSplit += 2;
    ctx.holders.delete(copy);
    ctx.kref--;
    ctx.pages = upper.pfn - ctx.pfn;
    this.hold(copy, new ShareOf(new Shared(upper.pfn, copy.pages), upper.pfn, upper.process));
  }
}

/** Design B2 (i): halves of a shared context reserve their own pages and leave it. */
export class DuplicatingTracking extends SplittingTracking {
  private readonly granted: ModeRef = { mode: 0 };

  protected override splitShared(copy: Vma, original: Vma, share: Share): void {
    const upper = shareOf(copy);
    if (upper === null) return;
    const lowerPages = copy.pfn - original.pfn;
    this.leave(original, share, lowerPages);
    this.leave(copy, upper, copy.pages);
  }

  private leave(vma: Vma, share: Share, pages: number): void {
    const { ctx, pfn, process } = share;
    if (this.kernel.fails("context")) return;
    const wanted = this.ranges.lookup(pfn);
    if (this.ranges.track(pfn, pfn + pages, wanted, false, this.granted) !== null) return;
    this.costs.allocationsInSplit += 2;
    this.hold(vma, new ShareOf(new Shared(pfn, pages), pfn, process));
    ctx.holders.delete(vma);
    ctx.kref--;
    if (ctx.kref === 0) this.release(ctx);
  }
}

/** Design B2 (iii): halves get contexts under the shared one, whose range goes with the last. */
export class HierarchyTracking extends SplittingTracking {
  protected override splitShared(copy: Vma, original: Vma, share: Share): void {
    const upper = shareOf(copy);
    if (upper === null) return;
    this.descend(original, share, copy.pfn - original.pfn);
    this.descend(copy, upper, copy.pages);
  }

  protected override release(ctx: Shared): void {
    if (ctx.parent === null) super.release(ctx);
    else if (--ctx.parent.kref === 0) this.release(ctx.parent);
  }

  /** The VMA's reference becomes one of a context below, which keeps the one above alive. */
  private descend(vma: Vma, { ctx, pfn, process }: Share, pages: number): void {
    if (this.kernel.fails("context")) return;
    this.costs.allocationsInSplit++;
    ctx.holders.delete(vma);
    this.hold(vma, new ShareOf(new Shared(pfn, pages, ctx), pfn, process));
  }
}
