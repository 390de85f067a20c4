/**
 * Whether tests may take their time: PFNDIFF_LONG_TESTS=1, which .ci/run sets. What costs much and tells
 * little more than its like is tried on a smaller sample otherwise.
 */
export const IS_LONG = process.env["PFNDIFF_LONG_TESTS"] === "1";

/** All of a list where tests may take their time, else one of so many. */
export function sampleOf<T>(all: readonly T[], every: number): readonly T[] {
  return IS_LONG ? all : all.filter((_, nth) => nth % every === 0);
}
