import type { Outcome } from "../../src/mm/errno.ts";
import type { Mm } from "../../src/mm/mm.ts";
import type { UnmapReason } from "../../src/mm/tracking.ts";
import type { PageCount, Pfn } from "../../src/mm/units.ts";
import type { Vma } from "../../src/mm/vma.ts";
import type { Mutant } from "../../src/model/mutant.ts";
import type { PageCacheMode } from "../../src/pat/cachemode.ts";
import type { ModeRef } from "../../src/pat/memtype.ts";
import { ctxOf, KrefTracking, PfnmapTrackCtx } from "../tracking.ts";
import { inTracking } from "./make.ts";

/** Planted faults in what the refcounted design does when it maps and zaps. */
export const REMAP_MUTANTS: readonly Mutant[] = [
  inTracking(
    {
      id: "zap-untracks",
      at: "unmap",
      does: "a zap drops the tracking of the whole VMA",
      history: "what VM_PAT did, to 6.15",
    },
    class extends KrefTracking {
      override unmap(_mm?: Mm, vma?: Vma, reason?: UnmapReason): void {
        if (vma !== undefined && reason === "zap") this.free(vma);
      }
    },
  ),
  inTracking(
    {
      id: "remap-replaces-context",
      at: "remap",
      does: "a second whole remap is accepted, and its context takes the first one's place",
    },
    class extends KrefTracking {
      override remap(vma: Vma, wanted: PageCacheMode, granted: ModeRef, pfn: Pfn): Outcome {
        vma.track = null;
        return super.remap(vma, wanted, granted, pfn);
      }
    },
  ),
  inTracking(
    { id: "remap-keeps-no-context", at: "remap", does: "reserves and attaches no context" },
    class extends KrefTracking {
      override remap(vma: Vma, wanted: PageCacheMode, granted: ModeRef, pfn: Pfn): Outcome {
        const outcome = super.remap(vma, wanted, granted, pfn);
        vma.track = null;
        return outcome;
      }
    },
  ),
  inTracking(
    { id: "context-one-page-short", at: "remap", does: "the context's range lacks the last page" },
    class extends KrefTracking {
      override remap(vma: Vma, wanted: PageCacheMode, granted: ModeRef, pfn: Pfn): Outcome {
        const outcome = super.remap(vma, wanted, granted, pfn);
        if (outcome === null) vma.track = new PfnmapTrackCtx(pfn, vma.pages - 1);
        return outcome;
      }
    },
  ),
  inTracking(
    {
      id: "reserve-one-page-short",
      at: "remap",
      does: "reserves and keeps all pages but the last",
    },
    class extends KrefTracking {
      override remap(vma: Vma, wanted: PageCacheMode, granted: ModeRef, pfn: Pfn): Outcome {
        if (vma.track !== null || vma.pages === 1) return super.remap(vma, wanted, granted, pfn);
        const pages = vma.pages - 1;
        if (this.ranges.track(pfn, pfn + pages, wanted, false, granted) !== null) return "EINVAL";
        vma.track = new PfnmapTrackCtx(pfn, pages);
        return null;
      }
    },
  ),
  inTracking(
    { id: "remap-ignores-conflict", at: "remap", does: "goes on untracked where tracking fails" },
    class extends KrefTracking {
      override remap(vma: Vma, wanted: PageCacheMode, granted: ModeRef, pfn: Pfn): Outcome {
        const outcome = super.remap(vma, wanted, granted, pfn);
        granted.mode = outcome === null ? granted.mode : wanted;
        return outcome === "EINVAL" ? null : outcome;
      }
    },
  ),
  inTracking(
    { id: "remap-wants-strictly", at: "remap", does: "refuses every substituted mode" },
    class extends KrefTracking {
      override remap(vma: Vma, wanted: PageCacheMode, granted: ModeRef, pfn: Pfn): Outcome {
        if (vma.track !== null) return "EINVAL";
        const end = pfn + vma.pages;
        if (this.ranges.track(pfn, end, wanted, true, granted) !== null) return "EINVAL";
        vma.track = new PfnmapTrackCtx(pfn, vma.pages);
        return null;
      }
    },
  ),
  inTracking(
    { id: "remap-tracks-twice", at: "remap", does: "reserves the range twice for one context" },
    class extends KrefTracking {
      override remap(vma: Vma, wanted: PageCacheMode, granted: ModeRef, pfn: Pfn): Outcome {
        const outcome = super.remap(vma, wanted, granted, pfn);
        if (outcome === null) this.ranges.track(pfn, pfn + vma.pages, wanted, false, granted);
        return outcome;
      }
    },
  ),
  inTracking(
    {
      id: "context-failure-leaks",
      at: "remap",
      does: "a context that cannot be had leaves the reservation behind",
    },
    class extends KrefTracking {
      override remap(vma: Vma, wanted: PageCacheMode, granted: ModeRef, pfn: Pfn): Outcome {
        const outcome = super.remap(vma, wanted, granted, pfn);
        if (outcome === "ENOMEM") {
          this.ranges.track(pfn, pfn + vma.pages, wanted, false, granted);
        }
        return outcome;
      }
    },
  ),
  inTracking(
    {
      id: "failed-remap-keeps-context",
      at: "remapFailed",
      does: "a remap that cannot fill the page table forgets its context without a put",
    },
    class extends KrefTracking {
      override remapFailed(vma: Vma): void {
        vma.track = null;
      }
    },
  ),
  inTracking(
    {
      id: "failed-remap-puts-twice",
      at: "remapFailed",
      does: "the context that was put stays in the VMA, and its range is freed again",
    },
    class extends KrefTracking {
      override remapFailed(vma: Vma, pfn: Pfn, pages: PageCount, whole: boolean): void {
        const ctx = ctxOf(vma);
        super.remapFailed(vma, pfn, pages, whole);
        if (!whole || ctx === null) return;
        ctx.kref = 1;
        vma.track = ctx;
      }
    },
  ),
  inTracking(
    {
      id: "zap-forgets-context",
      at: "unmap",
      does: "a zap takes the context away without a put",
    },
    class extends KrefTracking {
      override unmap(_mm?: Mm, vma?: Vma, reason?: UnmapReason): void {
        if (vma !== undefined && reason === "zap") vma.track = null;
      }
    },
  ),
];
