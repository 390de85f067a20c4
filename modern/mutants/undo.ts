import type { Outcome } from "../../src/mm/errno.ts";
import type { DupReason, TrackedMm, TrackedVma, UnmapReason } from "../../src/mm/tracking.ts";
import type { PageCount, Pfn } from "../../src/mm/units.ts";
import type { Mutant } from "../../src/model/mutant.ts";
import type { PageCacheMode } from "../../src/pat/cachemode.ts";
import type { ModeRef } from "../../src/pat/memtype.ts";
import { ctxOf, KrefTracking, type PfnmapTrackCtx } from "../tracking.ts";
import { inTracking } from "./make.ts";

/** Knows the last duplicate as long as nothing has come of it. */
class Undoing extends KrefTracking {
  private fresh: TrackedVma | null = null;
  private reason: DupReason | undefined;

  override dup(copy: TrackedVma, original: TrackedVma, reason?: DupReason): void {
    super.dup(copy, original);
    this.fresh = copy;
    this.reason = reason;
  }

  override copy(): Outcome {
    this.fresh = null;
    return null;
  }

  override unmap(_mm?: TrackedMm, _vma?: TrackedVma, _reason?: UnmapReason): void {
    this.fresh = null;
  }

  override moved(vma?: TrackedVma): void {
    if (vma !== undefined && vma === this.fresh) this.moveFailed(vma, ctxOf(vma));
    this.fresh = null;
  }

  override free(vma: TrackedVma): void {
    if (vma === this.fresh) this.dropped(vma, ctxOf(vma), this.reason);
    super.free(vma);
  }

  /** The copy that a failed move has made is about to be unmapped. */
  protected moveFailed(_copy: TrackedVma, _ctx: PfnmapTrackCtx | null): void {}

  /** A duplicate is dropped before it is linked. */
  protected dropped(
    _copy: TrackedVma,
    _ctx: PfnmapTrackCtx | null,
    _reason: DupReason | undefined,
  ): void {}
}

/** A duplicate that is dropped for one reason keeps its reference for good. */
function keepsDropped(reason: DupReason): Mutant {
  return inTracking(
    {
      id: `dropped-${reason}-keeps-reference`,
      at: "free",
      does: `what a failed ${reason} has duplicated is dropped without a put`,
      isRare: true,
    },
    class extends Undoing {
      protected override dropped(
        copy: TrackedVma,
        _ctx: PfnmapTrackCtx | null,
        why: DupReason | undefined,
      ): void {
        if (why === reason) copy.track = null;
      }
    },
  );
}

type Undo = (copy: TrackedVma, ctx: PfnmapTrackCtx, untrack: () => void) => void;

function onFailedMove(id: string, does: string, undo: Undo): Mutant {
  return inTracking(
    { id, at: "moved", does, isRare: true },
    class extends Undoing {
      protected override moveFailed(copy: TrackedVma, ctx: PfnmapTrackCtx | null): void {
        if (ctx !== null) undo(copy, ctx, () => this.ranges.untrack(ctx.pfn, ctx.pfn + ctx.pages));
      }
    },
  );
}

function onFailedCopy(id: string, does: string, undo: Undo): Mutant {
  return inTracking(
    { id, at: "copyFailed", does, isRare: true },
    class extends KrefTracking {
      override copyFailed(child?: TrackedVma): void {
        const ctx = child === undefined ? null : ctxOf(child);
        if (child === undefined || ctx === null) return;
        undo(child, ctx, () => this.ranges.untrack(ctx.pfn, ctx.pfn + ctx.pages));
      }
    },
  );
}

const losesReference: Undo = (copy) => {
  copy.track = null;
};
const untracks: Undo = (_copy, _ctx, untrack) => untrack();

/** Planted faults in what is undone when a call fails half-way, and in the order of its steps. */
export const UNDO_MUTANTS: readonly Mutant[] = [
  keepsDropped("split"),
  keepsDropped("move"),
  keepsDropped("fork"),
  onFailedMove(
    "failed-move-loses-reference",
    "the copy of a failed move is untracked without a put",
    losesReference,
  ),
  onFailedMove(
    "failed-move-puts-twice",
    "a failed move puts, and its unmap again",
    (_copy, ctx) => {
      ctx.kref--;
    },
  ),
  onFailedMove("failed-move-untracks", "a failed move gives the range back", untracks),
  onFailedCopy(
    "failed-fork-loses-reference",
    "a child whose page table fails is untracked without a put",
    losesReference,
  ),
  onFailedCopy("failed-fork-untracks", "a failed fork gives the range back", untracks),
  inTracking(
    {
      id: "failed-fork-untracks-parent",
      at: "copyFailed",
      does: "a failed fork takes the context from the parent's VMA",
      isRare: true,
    },
    class extends KrefTracking {
      override copyFailed(_child?: TrackedVma, _mm?: TrackedMm, parent?: TrackedVma): void {
        if (parent !== undefined) this.free(parent);
      }
    },
  ),
  inTracking(
    {
      id: "fork-gets-late",
      at: "copy",
      does: "a fork takes its reference when it copies page tables, not with the duplicate",
      isRare: true,
    },
    class extends KrefTracking {
      override dup(copy: TrackedVma, original: TrackedVma, reason?: DupReason): void {
        super.dup(copy, original);
        const ctx = ctxOf(copy);
        if (ctx !== null && reason === "fork") ctx.kref--;
      }

      override copy(child?: TrackedVma): Outcome {
        const ctx = child === undefined ? null : ctxOf(child);
        if (ctx !== null) ctx.kref++;
        return null;
      }
    },
  ),
  inTracking(
    {
      id: "last-put-at-unmap",
      at: "unmap",
      does: "the last put comes while the pages are still mapped",
    },
    class extends KrefTracking {
      override unmap(_mm?: TrackedMm, vma?: TrackedVma, reason?: UnmapReason): void {
        if (vma !== undefined && reason === "unmap" && ctxOf(vma)?.kref === 1) this.free(vma);
      }
    },
  ),
  inTracking(
    {
      id: "refused-remap-untracks",
      at: "remap",
      does: "a range that could not be reserved is given back",
    },
    class extends KrefTracking {
      override remap(...args: Parameters<KrefTracking["remap"]>): Outcome {
        const [vma, , , pfn] = args;
        const outcome = super.remap(...args);
        if (outcome === "EINVAL" && vma.track === null) {
          this.ranges.untrack(pfn, pfn + vma.pages);
        }
        return outcome;
      }
    },
  ),
  inTracking(
    {
      id: "context-failure-page-short",
      at: "remap",
      does: "a context that cannot be had leaves the last page of several reserved",
      isRare: true,
    },
    class extends KrefTracking {
      override remap(vma: TrackedVma, wanted: PageCacheMode, ref: ModeRef, pfn: Pfn): Outcome {
        const outcome = super.remap(vma, wanted, ref, pfn);
        const last = pfn + vma.pages - 1;
        if (outcome === "ENOMEM" && vma.pages > 1) {
          this.ranges.track(last, last + 1, wanted, false, ref);
        }
        return outcome;
      }
    },
  ),
  inTracking(
    {
      id: "failed-remap-page-short",
      at: "remapFailed",
      does: "a remap that cannot fill the page table keeps the last page of several reserved",
      isRare: true,
    },
    class extends KrefTracking {
      override remapFailed(vma: TrackedVma, pfn: Pfn, pages: PageCount, whole: boolean): void {
        const ctx = ctxOf(vma);
        if (whole && ctx !== null && ctx.pages > 1) ctx.pages--;
        super.remapFailed(vma, pfn, pages, whole);
      }
    },
  ),
  inTracking(
    {
      id: "mode-looked-up-again",
      at: "remap",
      does: "maps with the mode of what overlaps the last page, its own reservation included",
      equivalent: "reservations that overlap have one mode, and its own overlaps every page",
    },
    class extends KrefTracking {
      override remap(vma: TrackedVma, wanted: PageCacheMode, ref: ModeRef, pfn: Pfn): Outcome {
        const outcome = super.remap(vma, wanted, ref, pfn);
        const last = pfn + vma.pages - 1;
        if (outcome === null && vma.device === null) ref.mode = this.ranges.lookup(last);
        return outcome;
      }
    },
  ),
];
