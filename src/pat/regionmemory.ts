import { type PageCacheMode, UC_MINUS, WB } from "./cachemode.ts";
import type { PageRange } from "./mappedpages.ts";

/** What the MTRRs say of a whole region: it decides what a write-back request becomes. */
export type RegionMtrr = "uncached" | "write-back";

/** What they say of everything, or of one region after the other. */
export type Mtrrs = RegionMtrr | readonly RegionMtrr[];

/** The pfns of region n of a world begin at n times so many: no region is as long. */
export const REGION_PFNS = 65_536;

/** The region that a pfn is in. */
export function regionAt(pfn: number): number {
  return Math.floor(pfn / REGION_PFNS);
}

/** What of a region is in the ISA window, 0xa0000 to 0xfffff. */
export interface IsaWindow extends PageRange {
  /** The MTRRs are asked of the first page of a range alone (mtrr_type_lookup_fixed(), read in 6.1.192). */
  readonly asksFirstPage: boolean;
}

/** is_ISA_range() (6.1 to 7.3): whether pfns [start, end) lie wholly in the ISA window, if there is one. */
export function isInIsa(isa: PageRange | null, start: number, end: number): boolean {
  return isa !== null && start >= isa.start && end <= isa.end;
}

/**
 * What the MTRRs leave of a request (pat_x_mtrr_type(), 6.1 to 7.3): write-back where all of the range is. The fixed
 * ones call the ISA window uncached or write-protected.
 */
export function effectiveMode(
  mtrrs: Mtrrs,
  isa: IsaWindow | null,
  start: number,
  end: number,
  request: PageCacheMode,
): PageCacheMode {
  if (request !== WB) return request;
  const mtrr = typeof mtrrs === "string" ? mtrrs : mtrrs[regionAt(start)];
  const asked = isa?.asksFirstPage === true ? start + 1 : end;
  const touchesIsa = isa !== null && start < isa.end && asked > isa.start;
  return mtrr === "write-back" && !touchesIsa ? WB : UC_MINUS;
}
