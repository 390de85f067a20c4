import { modeWithoutPat, type PageCacheMode } from "./cachemode.ts";
import type { PatEvent } from "./events.ts";
import { KernelState } from "./kernelstate.ts";
import type { MemtypeList, ModeRef } from "./memtype.ts";
import { isRam, RamPages, ramRange } from "./rampages.ts";

/** Why a range could not be tracked; callers turn it into their own errno. */
export type TrackError = "EBUSY" | "EINVAL" | "ENOMEM" | null;

/**
 * The layer between pfn mappings and the memtype list (reserve_pfn_range(), free_pfn_range() and
 * lookup_memtype() up to 6.15, pfnmap_track(), pfnmap_untrack() and pfnmap_setup_cachemode() from
 * 6.16). `strict` refuses every substitution; only the before side's fork uses it. RAM is never
 * reserved: a mapping is given the mode that its first page has.
 */
export class PfnRanges {
  constructor(
    protected readonly memtype: MemtypeList,
    protected readonly log: PatEvent[],
    readonly ram: RamPages = new RamPages(log, new KernelState(log)),
  ) {}

  /** Reserves pfns [start, end) and says in `granted` which mode the pages must be mapped with. */
  track(
    start: number,
    end: number,
    wanted: PageCacheMode,
    strict: boolean,
    granted: ModeRef,
  ): TrackError {
    if (isRam(start)) return this.trackRam(start, end, wanted, granted);
    const error = this.memtype.reserve(start, end, wanted, granted);
    if (error !== null) return error;
    const got = granted.mode;
    if (got === wanted || (!strict && this.memtype.allows(start, end, wanted, got))) return null;
    this.memtype.free(start, end);
    this.log.push({ kind: "type-mismatch", start, end, request: wanted, got });
    this.memtype.tellTakenBack(strict ? "other-mode" : "refused-pair");
    return "EINVAL";
  }

  private trackRam(start: number, end: number, request: PageCacheMode, granted: ModeRef): null {
    granted.mode = this.modeFor(start, request);
    this.tellRam(start, end, request, granted.mode);
    if (granted.mode !== request && this.memtype.hasPat) {
      const range = ramRange(start, end);
      this.log.push({ kind: "ram-request", ...range, request, got: granted.mode });
    }
    return null;
  }

  /** Gives pfns [start, end) back. */
  untrack(start: number, end: number): void {
    if (!isRam(start)) this.memtype.free(start, end);
  }

  /** The mode that a page must be mapped with, as the list says now; nothing is reserved. */
  lookup(pfn: number): PageCacheMode {
    return isRam(pfn) ? this.ram.modeOf(pfn) : this.memtype.lookup(pfn);
  }

  /** The mode that a page is mapped with which nothing tracks, whatever was asked for. */
  modeFor(pfn: number, asked: PageCacheMode): PageCacheMode {
    return this.memtype.hasPat ? this.lookup(pfn) : modeWithoutPat(asked);
  }

  /**
   * The one mode of pfns [start, end), in `granted`, which holds the one that was asked for; silently
   * EINVAL where there are two.
   */
  lookupRange(start: number, end: number, granted: ModeRef): "EINVAL" | null {
    if (!this.memtype.hasPat) {
      granted.mode = modeWithoutPat(granted.mode);
      return null;
    }
    const mode = this.lookup(start);
    granted.mode = mode;
    for (let pfn = start + 1; pfn < end; pfn++) {
      if (this.lookup(pfn) !== mode) return "EINVAL";
    }
    return null;
  }

  /** Tells whoever wants to know what a lookup of pfns [start, end) came to; null: refused. */
  tellLookup(start: number, end: number, asked: PageCacheMode, got: PageCacheMode | null): void {
    if (isRam(start)) this.tellRam(start, end, asked, got);
    else this.memtype.tellLookup(start, end, asked, got);
  }

  /** How many requests have been told of in this step. */
  get toldRequests(): number {
    return this.memtype.requests?.length ?? 0;
  }

  /** Tells whoever wants to know of a request that nobody has told of since there were `known`. */
  tellUnasked(start: number, end: number, asked: PageCacheMode, known: number): void {
    const { requests } = this.memtype;
    if (requests === null || requests.length > known) return;
    requests.push({ start, end, asked, got: null, by: "unasked", entries: [] });
  }

  /** RAM has its modes in page flags, and no reservation. */
  private tellRam(
    start: number,
    end: number,
    asked: PageCacheMode,
    got: PageCacheMode | null,
  ): void {
    const by = got === asked ? "asked" : this.memtype.hasPat ? "page-flags" : "no-pat";
    this.memtype.requests?.push({ start, end, asked, got, by, entries: [] });
  }
}
