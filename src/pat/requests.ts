import type { PageCacheMode } from "./cachemode.ts";
import type { MemtypeEntry } from "./interval.ts";

/**
 * What gave a request its cache mode, or stood in its way.
 *
 * Granted: `asked` nothing, it got what it asked for; `mtrr` write-back over memory that the MTRRs
 * call uncached; `reservation` the mode of a reservation that is there; `unreserved` a page that is
 * only looked up, and that no reservation covers, is uncached-minus; `page-flags` RAM has a mode of
 * its own; `no-pat` without PAT a page can be given no such mode; `isa` the ISA window is mapped write-back whatever was asked. Refused: `two-modes` reservations of two modes are there; `mixed` pages that are only
 * looked up have two modes; `refused-pair` a reservation's
 * mode may not stand for the one that was asked; `other-mode` one of another mode is there, and no
 * substitute was allowed; `page-flags`; `unasked` the tracking
 * refused before it asked for a reservation; `no-memory` an allocation failed. `unknown`: nothing tells.
 */
export const DECIDERS = [
  "asked",
  "mtrr",
  "reservation",
  "unreserved",
  "page-flags",
  "no-pat",
  "isa",
  "two-modes",
  "mixed",
  "refused-pair",
  "other-mode",
  "unasked",
  "no-memory",
  "unknown",
] as const;

export type Decider = (typeof DECIDERS)[number];

/** One request for a cache mode, as the memtype code answered it; by value. */
export interface ModeRequest {
  readonly start: number;
  readonly end: number;
  readonly asked: PageCacheMode;
  /** Null where it was refused. */
  readonly got: PageCacheMode | null;
  readonly by: Decider;
  /** The reservations that decided, in the list's order. */
  readonly entries: readonly MemtypeEntry[];
}
