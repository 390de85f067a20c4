/**
 * Counters that count 30 pages at once: bit k of every page's count is one bit of a plane. To add
 * a set of pages takes a few instructions, however many they are, because carries are rare.
 */

/** Counters: those of the pages of both sides (memory of the ledger), then one for each unit. */
const PLANE_SHIFT = 4;
export const UNIT_SHIFT = 8;
export const MOST_UNITS = 1 << UNIT_SHIFT;
export const UNIT_COUNTERS = 16;
const COUNTERS = UNIT_COUNTERS + 2 * MOST_UNITS;

/** By counter: pages that count 1 or more, those that count more, and the planes of what is more. */
export const SOME = new Int32Array(COUNTERS);
const MORE = new Int32Array(COUNTERS);
const PLANE = new Int32Array(COUNTERS << PLANE_SHIFT);
/** How many planes have been used since the counter was cleared. */
const USED = new Int32Array(COUNTERS);

/** Sets every page of a counter to 0. */
export const clearCounter = (c: number): void => {
  SOME[c] = 0;
  if (MORE[c] === 0) return;
  MORE[c] = 0;
  for (let at = c << PLANE_SHIFT; at < (c << PLANE_SHIFT) + (USED[c] as number); at++)
    PLANE[at] = 0;
  USED[c] = 0;
};

/** Counts pages up; returns those that had 0. */
export const countUp = (c: number, pages: number): number => {
  const some = SOME[c] as number;
  const again = pages & some;
  if (again !== 0) countMore(c, again);
  SOME[c] = some | pages;
  return pages & ~some;
};

/** Counts pages down, none of which has 0; returns those that have 0 now. */
export const countDown = (c: number, pages: number): number => {
  const several = pages & (MORE[c] as number);
  if (several !== 0) countLess(c, several);
  const last = pages & ~several;
  SOME[c] = (SOME[c] as number) & ~last;
  return last;
};

const countMore = (c: number, pages: number): void => {
  MORE[c] = (MORE[c] as number) | pages;
  let carry = pages;
  let k = 0;
  for (; carry !== 0; k++) {
    const plane = PLANE[(c << PLANE_SHIFT) + k] as number;
    PLANE[(c << PLANE_SHIFT) + k] = plane ^ carry;
    carry &= plane;
  }
  if (k > (USED[c] as number)) USED[c] = k;
};

const countLess = (c: number, pages: number): void => {
  let borrow = pages;
  for (let at = c << PLANE_SHIFT; borrow !== 0; at++) {
    const plane = PLANE[at] as number;
    PLANE[at] = plane ^ borrow;
    borrow &= ~plane;
  }
  let zero = pages;
  const top = (c << PLANE_SHIFT) + (USED[c] as number);
  for (let at = c << PLANE_SHIFT; at < top; at++) zero &= ~(PLANE[at] as number);
  MORE[c] = (MORE[c] as number) & ~zero;
};
