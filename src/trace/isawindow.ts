import type { World } from "./trace.ts";

/** The ISA window is so long: 0xa0000 to 0xfffff. */
export const ISA_PAGES = 96;

interface PfnRange {
  readonly start: number;
  readonly end: number;
}

/** Pfns [start, end) of a world's region that are in the ISA window, or null. */
export function isaWindow({ pfns, isa }: Pick<World, "pfns" | "isa">): PfnRange | null {
  return isa === undefined
    ? null
    : { start: Math.max(0, isa), end: Math.min(pfns, isa + ISA_PAGES) };
}
