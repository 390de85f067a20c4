import type { DupReason, TrackedVma } from "../../src/mm/tracking.ts";
import type { Outcome } from "../../src/mm/errno.ts";
import type { Mutant } from "../../src/model/mutant.ts";
import type { PageCacheMode } from "../../src/pat/cachemode.ts";
import type { ModeRef } from "../../src/pat/memtype.ts";
import { ctxOf, KrefTracking, type PfnmapTrackCtx } from "../tracking.ts";
import { inTracking } from "./make.ts";

type Miscount = (ctx: PfnmapTrackCtx, copy: TrackedVma, reason: DupReason) => void;

/** A design whose duplicates are followed by something more. */
function afterDup(id: string, does: string, more: Miscount): Mutant {
  return inTracking(
    { id, at: "dup", does, isRare: true },
    class extends KrefTracking {
      override dup(copy: TrackedVma, original: TrackedVma, reason?: DupReason): void {
        super.dup(copy, original);
        const ctx = ctxOf(copy);
        if (ctx !== null && reason !== undefined) more(ctx, copy, reason);
      }
    },
  );
}

/** A design that gives back another length than a context has. */
function givingBack(id: string, does: string, length: (pages: number) => number): Mutant {
  return inTracking(
    { id, at: "free", does, isRare: true },
    class extends KrefTracking {
      override free(vma: TrackedVma): void {
        const ctx = ctxOf(vma);
        if (ctx !== null && ctx.kref === 1) ctx.pages = length(ctx.pages);
        super.free(vma);
      }
    },
  );
}

/** Contexts that are taken from a pool while, or as, somebody still has them. */
const REUSED: readonly Mutant[] = [
  inTracking(
    {
      id: "context-reused-while-held",
      at: "remap",
      does: "the first put of a shared context makes it the next mapping's too",
    },
    class extends KrefTracking {
      private spare: PfnmapTrackCtx | null = null;

      override remap(...args: Parameters<KrefTracking["remap"]>): Outcome {
        const [vma, , , pfn] = args;
        const outcome = super.remap(...args);
        const { spare } = this;
        if (outcome !== null || spare === null || spare.kref === 0) return outcome;
        this.spare = null;
        spare.pfn = pfn;
        spare.pages = vma.pages;
        spare.kref++;
        vma.track = spare;
        return null;
      }

      override free(vma: TrackedVma): void {
        const ctx = ctxOf(vma);
        super.free(vma);
        if (ctx !== null && ctx.kref > 0) this.spare = ctx;
      }

      override keep(tracks: readonly object[]): () => void {
        const back = super.keep(tracks);
        const { spare } = this;
        return () => {
          back();
          this.spare = spare;
        };
      }

      override reboot(): void {
        super.reboot();
        this.spare = null;
      }
    },
  ),
  inTracking(
    {
      id: "context-keeps-length",
      at: "remap",
      does: "a context that was given back serves again with the length that it had",
    },
    class extends KrefTracking {
      private last: number | null = null;

      override remap(...args: Parameters<KrefTracking["remap"]>): Outcome {
        const outcome = super.remap(...args);
        const ctx = ctxOf(args[0]);
        if (outcome !== null || ctx === null || this.last === null) return outcome;
        ctx.pages = this.last;
        this.last = null;
        return null;
      }

      override free(vma: TrackedVma): void {
        const ctx = ctxOf(vma);
        if (ctx?.kref === 1) this.last = ctx.pages;
        super.free(vma);
      }

      override keep(tracks: readonly object[]): () => void {
        const back = super.keep(tracks);
        const { last } = this;
        return () => {
          back();
          this.last = last;
        };
      }

      override reboot(): void {
        super.reboot();
        this.last = null;
      }
    },
  ),
];

/** A design that maps some VMAs with another mode than it was granted. */
function mapping(
  id: string,
  does: string,
  mode: (vma: TrackedVma, wanted: PageCacheMode, granted: PageCacheMode) => PageCacheMode,
  more: Partial<Mutant> = {},
): Mutant {
  return inTracking(
    { id, at: "remap", does, ...more },
    class extends KrefTracking {
      override remap(vma: TrackedVma, wanted: PageCacheMode, ref: ModeRef, pfn: number): Outcome {
        const outcome = super.remap(vma, wanted, ref, pfn);
        if (outcome === null) ref.mode = mode(vma, wanted, ref.mode);
        return outcome;
      }
    },
  );
}

const LONG = 8;

/** Planted faults that show only with many sharers, long contexts, or contexts that serve again. */
export const CROWD_MUTANTS: readonly Mutant[] = [
  afterDup("sharers-in-4-bits", "the count has room for 15", (ctx) => {
    ctx.kref &= 15;
  }),
  afterDup("sharers-in-5-bits", "the count has room for 31", (ctx) => {
    ctx.kref &= 31;
  }),
  afterDup("sharers-saturate", "the count stops at 16", (ctx) => {
    ctx.kref = Math.min(ctx.kref, 16);
  }),
  afterDup("tenth-sharer-untracked", "a tenth sharer gets no context", (ctx, copy) => {
    if (ctx.kref <= 9) return;
    ctx.kref--;
    copy.track = null;
  }),
  afterDup("crowded-fork-without-get", "a fork of 12 sharers takes no get", (ctx, _copy, why) => {
    if (ctx.kref > 12 && why === "fork") ctx.kref--;
  }),
  afterDup("crowded-split-gets-twice", "a split among 6 takes two gets", (ctx, _copy, why) => {
    if (ctx.kref > 6 && why === "split") ctx.kref++;
  }),
  afterDup("sealed-fork-without-get", "the fork of a sealed VMA takes no get", (ctx, copy, why) => {
    if (copy.sealed && why === "fork") ctx.kref--;
  }),
  givingBack("long-context-cut", "of more than 8 pages 8 are kept", (pages) =>
    pages > LONG ? pages - LONG : pages,
  ),
  givingBack("length-in-4-bits", "the length has room for 15", (pages) => pages & 15 || pages),
  givingBack("length-in-5-bits", "the length has room for 31", (pages) => pages & 31 || pages),
  ...REUSED,
  mapping("maps-wanted-mode", "maps with the mode that was wanted", (_vma, wanted) => wanted),
  mapping("files-map-wanted-mode", "the same, but for drivers", (vma, wanted, granted) =>
    vma.device === null ? wanted : granted,
  ),
  mapping("drivers-map-wanted-mode", "the same, for drivers alone", (vma, wanted, granted) =>
    vma.device === null ? granted : wanted,
  ),
  mapping("private-maps-wanted-mode", "the same, where it is private", (vma, wanted, granted) =>
    vma.isPrivate ? wanted : granted,
  ),
  mapping(
    "long-maps-wanted-mode",
    "the same, of more than 8 pages",
    (vma, wanted, granted) => (vma.pages > LONG ? wanted : granted),
    { isRare: true },
  ),
];
