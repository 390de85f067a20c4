import type { Outcome } from "../../src/mm/errno.ts";
import type { DupReason, PfnTracking } from "../../src/mm/tracking.ts";
import type { PageCount, Pfn } from "../../src/mm/units.ts";
import type { Vma } from "../../src/mm/vma.ts";
import type { PageCacheMode } from "../../src/pat/cachemode.ts";
import type { KernelState } from "../../src/pat/kernelstate.ts";
import type { ModeRef } from "../../src/pat/memtype.ts";
import type { Costs, ReshapingRanges } from "../../src/model/variant.ts";
import { Processes, Share, Shared, shareOf } from "./shares.ts";

/** The refcounted design with contexts that know their holders; what follows builds on it. */
export class SharingTracking implements PfnTracking {
  private readonly processes = new Processes();

  constructor(
    protected readonly ranges: ReshapingRanges,
    protected readonly kernel: KernelState,
    protected readonly costs: Costs,
  ) {}

  remap(vma: Vma, wanted: PageCacheMode, granted: ModeRef, pfn: Pfn): Outcome {
    if (vma.track !== null) return "EINVAL";
    const end = pfn + vma.pages;
    if (this.ranges.track(pfn, end, wanted, false, granted) !== null) return "EINVAL";
    if (this.kernel.fails("context")) {
      this.ranges.untrack(pfn, end);
      return "ENOMEM";
    }
    this.hold(vma, new Share(new Shared(pfn, vma.pages), pfn, {}));
    return null;
  }

  remapFailed(vma: Vma, _pfn: Pfn, _pages: PageCount, whole: boolean): void {
    if (whole) this.free(vma);
  }

  dup(copy: Vma, original: Vma, reason: DupReason): void {
    copy.track = null;
    const share = shareOf(original);
    if (share === null) return;
    const pfn = share.pfn + (copy.pfn - original.pfn);
    const process = this.processes.of(original, share.process, reason);
    share.ctx.kref++;
    this.hold(copy, new Share(share.ctx, pfn, process));
    if (reason === "split") this.split(copy, original, share);
  }

  copy(): Outcome {
    return null;
  }

  copyFailed(): void {}

  unmap(): void {}

  moved(): void {}

  free(vma: Vma): void {
    const share = shareOf(vma);
    if (share === null) return;
    vma.track = null;
    this.put(share.ctx, vma, share);
  }

  /** A VMA has been split: `copy` is its upper part, `original` still reaches over both. */
  protected split(_copy: Vma, _original: Vma, _share: Share): void {}

  /** Others hold the context that `freed` has put. */
  protected remaining(_ctx: Shared, _freed: Share): void {}

  protected hold(vma: Vma, share: Share): void {
    vma.track = share;
    share.ctx.holders.add(vma);
  }

  /** Lets go of a context on a VMA's behalf; the last one gives its range back. */
  protected put(ctx: Shared, vma: Vma, share: Share): void {
    ctx.holders.delete(vma);
    ctx.kref--;
    if (ctx.kref > 0) this.remaining(ctx, share);
    else this.release(ctx);
  }

  protected release(ctx: Shared): void {
    this.ranges.untrack(ctx.pfn, ctx.pfn + ctx.pages);
  }
}
