import { isNewMemtypeAllowed, type PageCacheMode } from "./cachemode.ts";
import type { PatEvent } from "./events.ts";
import type { MemtypeList, ModeRef } from "./memtype.ts";

/** Why a range could not be tracked; callers turn it into their own errno. */
export type TrackError = "EBUSY" | "EINVAL" | null;

/**
 * The layer between pfn mappings and the memtype list (reserve_pfn_range() and free_pfn_range()
 * up to 6.15, pfnmap_track() and pfnmap_untrack() from 6.16; reduced to non-RAM). `strict`
 * refuses every substitution; only the before side's fork uses it.
 */
export class PfnRanges {
  constructor(
    private readonly memtype: MemtypeList,
    private readonly log: PatEvent[],
  ) {}

  /** Reserves pfns [start, end) and says in `granted` which mode the pages must be mapped with. */
  track(
    start: number,
    end: number,
    wanted: PageCacheMode,
    strict: boolean,
    granted: ModeRef,
  ): TrackError {
    const error = this.memtype.reserve(start, end, wanted, granted);
    if (error !== null) return error;
    const got = granted.mode;
    if (got === wanted || (!strict && isNewMemtypeAllowed(wanted, got))) return null;
    this.memtype.free(start, end);
    this.log.push({ kind: "type-mismatch", start, end, request: wanted, got });
    return "EINVAL";
  }

  /** Gives pfns [start, end) back. */
  untrack(start: number, end: number): void {
    this.memtype.free(start, end);
  }
}
