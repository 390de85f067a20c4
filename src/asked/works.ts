import type { Memtype, Request } from "../trace/recording.ts";

type Piece = NonNullable<Request["works"]>[number];

/**
 * The pieces of a refused range that would each have been granted alone, had they asked for the mode
 * that is there. A page that nothing reserves goes with its neighbours; where it is only looked up it
 * is uncached-minus.
 */
export function whatWorks(
  { start, end }: Pick<Request, "start" | "end">,
  entries: readonly Memtype[],
  isLookup: boolean,
): Piece[] {
  const pieces: Piece[] = [];
  let from = start;
  let type: Piece["type"] | null = null;
  for (let pfn = start; pfn < end; pfn++) {
    const entry = entries.find((one) => one.start <= pfn && pfn < one.end);
    const here: Piece["type"] | null = entry?.type ?? (isLookup ? "uncached-minus" : type);
    if (type !== null && here !== type) {
      pieces.push({ start: from, end: pfn, type });
      from = pfn;
    }
    type = here;
  }
  if (type !== null) pieces.push({ start: from, end, type });
  return pieces;
}
