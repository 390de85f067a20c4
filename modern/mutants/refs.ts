import type { DupReason, UnmapReason } from "../../src/mm/tracking.ts";
import type { Mm } from "../../src/mm/mm.ts";
import type { Outcome } from "../../src/mm/errno.ts";
import type { Vma } from "../../src/mm/vma.ts";
import type { Mutant } from "../../src/model/mutant.ts";
import { ctxOf, KrefTracking, PfnmapTrackCtx } from "../tracking.ts";
import { inTracking } from "./make.ts";

/** Leaves out the get where a VMA is duplicated for one reason. */
function withoutGet(reason: DupReason): typeof KrefTracking {
  return class extends KrefTracking {
    override dup(copy: Vma, original: Vma, why?: DupReason): void {
      super.dup(copy, original);
      const ctx = ctxOf(copy);
      if (ctx !== null && why === reason) ctx.kref--;
    }
  };
}

/** Planted faults in how the refcounted design counts. */
export const REF_MUTANTS: readonly Mutant[] = [
  inTracking(
    { id: "split-without-get", at: "dup", does: "a split copies the pointer without a get" },
    withoutGet("split"),
  ),
  inTracking(
    { id: "move-without-get", at: "dup", does: "a move copies the pointer without a get" },
    withoutGet("move"),
  ),
  inTracking(
    { id: "fork-without-get", at: "dup", does: "a fork copies the pointer without a get" },
    withoutGet("fork"),
  ),
  inTracking(
    { id: "dup-drops-context", at: "dup", does: "a duplicate holds no context" },
    class extends KrefTracking {
      override dup(copy: Vma): void {
        copy.track = null;
      }
    },
  ),
  inTracking(
    { id: "fork-drops-context", at: "dup", does: "a child's VMA holds no context" },
    class extends KrefTracking {
      override dup(copy: Vma, original: Vma, reason?: DupReason): void {
        if (reason === "fork") copy.track = null;
        else super.dup(copy, original);
      }
    },
  ),
  inTracking(
    {
      id: "dup-clones-context",
      at: "dup",
      does: "a duplicate has a context of its own, unreserved",
    },
    class extends KrefTracking {
      override dup(copy: Vma, original: Vma): void {
        const ctx = ctxOf(original);
        copy.track = ctx === null ? null : new PfnmapTrackCtx(ctx.pfn, ctx.pages);
      }
    },
  ),
  inTracking(
    { id: "dup-gets-twice", at: "dup", does: "a duplicate takes two references" },
    class extends KrefTracking {
      override dup(copy: Vma, original: Vma): void {
        super.dup(copy, original);
        const ctx = ctxOf(copy);
        if (ctx !== null) ctx.kref++;
      }
    },
  ),
  inTracking(
    { id: "fork-copy-gets-again", at: "copy", does: "copying page tables takes another reference" },
    class extends KrefTracking {
      override copy(childVma?: Vma): Outcome {
        const ctx = childVma === undefined ? null : ctxOf(childVma);
        if (ctx !== null) ctx.kref++;
        return null;
      }
    },
  ),
  inTracking(
    {
      id: "failed-copy-puts",
      at: "copyFailed",
      does: "a failed fork puts before its teardown does",
    },
    class extends KrefTracking {
      override copyFailed(childVma?: Vma): void {
        const ctx = childVma === undefined ? null : ctxOf(childVma);
        if (ctx !== null) ctx.kref--;
      }
    },
  ),
  inTracking(
    { id: "free-without-put", at: "free", does: "a freed VMA does not put" },
    class extends KrefTracking {
      override free(vma: Vma): void {
        vma.track = null;
      }
    },
  ),
  inTracking(
    { id: "first-put-releases", at: "free", does: "the first put untracks the range" },
    class extends KrefTracking {
      override free(vma: Vma): void {
        const ctx = ctxOf(vma);
        if (ctx !== null && ctx.kref > 1) this.ranges.untrack(ctx.pfn, ctx.pfn + ctx.pages);
        if (ctx !== null) ctx.kref = Math.min(ctx.kref, 2);
        super.free(vma);
      }
    },
  ),
  inTracking(
    { id: "put-twice", at: "free", does: "a freed VMA puts twice while others hold the context" },
    class extends KrefTracking {
      override free(vma: Vma): void {
        const ctx = ctxOf(vma);
        if (ctx !== null && ctx.kref > 1) ctx.kref--;
        super.free(vma);
      }
    },
  ),
  inTracking(
    {
      id: "last-put-keeps-range",
      at: "free",
      does: "the last put frees the context, not the range",
    },
    class extends KrefTracking {
      override free(vma: Vma): void {
        const ctx = ctxOf(vma);
        if (ctx !== null) ctx.kref--;
        vma.track = null;
      }
    },
  ),
  inTracking(
    { id: "put-frees-own-pages", at: "free", does: "the last put frees what its own VMA maps" },
    class extends KrefTracking {
      override free(vma: Vma): void {
        const ctx = ctxOf(vma);
        if (ctx === null || ctx.kref > 1) return super.free(vma);
        ctx.kref--;
        vma.track = null;
        this.ranges.untrack(vma.pfn, vma.pfn + vma.pages);
      }
    },
  ),
  inTracking(
    { id: "every-put-frees-own-pages", at: "free", does: "every put frees what its own VMA maps" },
    class extends KrefTracking {
      override free(vma: Vma): void {
        const ctx = ctxOf(vma);
        if (ctx === null) return;
        ctx.kref--;
        vma.track = null;
        this.ranges.untrack(vma.pfn, vma.pfn + vma.pages);
      }
    },
  ),
  inTracking(
    {
      id: "moved-puts",
      at: "moved",
      does: "the old VMA of a move puts, and puts again when freed",
    },
    class extends KrefTracking {
      override moved(vma?: Vma): void {
        const ctx = vma === undefined ? null : ctxOf(vma);
        if (ctx !== null) ctx.kref--;
      }
    },
  ),
  inTracking(
    {
      id: "moved-forgets-context",
      at: "moved",
      does: "the old VMA of a move loses its context without a put",
    },
    class extends KrefTracking {
      override moved(vma?: Vma): void {
        if (vma !== undefined) vma.track = null;
      }
    },
  ),
  inTracking(
    {
      id: "unmap-puts",
      at: "unmap",
      does: "the put comes with the unmap: what MAP_FIXED replaces is free before the new mapping",
    },
    class extends KrefTracking {
      override unmap(_mm?: Mm, vma?: Vma, reason?: UnmapReason): void {
        if (vma !== undefined && reason === "unmap") this.free(vma);
      }
    },
  ),
];
