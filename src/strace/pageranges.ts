/** A half-open range of pages. */
export interface PageRange {
  readonly start: number;
  readonly end: number;
}

/** What is left of ranges without the pages [start, end); what is said of them stays. */
export function without<R extends PageRange>(
  ranges: readonly R[],
  start: number,
  end: number,
): R[] {
  return ranges.flatMap((range) =>
    [
      { ...range, end: Math.min(range.end, start) },
      { ...range, start: Math.max(range.start, end) },
    ].filter((part) => part.start < part.end),
  );
}
