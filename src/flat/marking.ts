/** What took a unit's pages, and what made its reservation inexact: src/oracle/marking.ts. */
import {
  type CauseId,
  END_MATCH,
  EQUAL_MATCH,
  HEAD,
  MIDDLE,
  NO_CAUSE,
  removalCause,
  SPLIT,
  TAIL,
  WHOLE,
} from "../oracle/causes.ts";
import { isCrossed } from "./attribution.ts";
import {
  HELD,
  IS_SHARED,
  IS_SPLIT,
  liveOf,
  LIVING,
  PAGE_PFN,
  PAGE_UNIT,
  UNIT_ENTRIES,
  UNIT_FACTS,
  UNIT_GONE,
  UNIT_HEALED,
  UNIT_KNOWN,
  UNIT_MARK,
  UNIT_ROW,
  UNIT_MOVED,
  UNIT_REMOVAL,
  UNIT_REMOVED,
  UNIT_RESERVED,
} from "./ledger.ts";
import { countOf, highestOf, lowestOf, OP, PAGE_SHIFT, placeOf, PROC } from "./memory.ts";
import { ROW_PAGES, uncountUnit } from "./reservations.ts";

/** Where removed pages lie among those that are left. */
const placeAmong = (removed: number, left: number): number => {
  if (left === 0) return WHOLE;
  if (lowestOf(removed) < lowestOf(left)) return HEAD;
  return highestOf(removed) > highestOf(left) ? TAIL : MIDDLE;
};

/** The pages of a unit that the op's process still has. */
const leftInProcess = (s: number, u: number): number => {
  const p = placeOf(s, OP[PROC] as number);
  if (LIVING[p] === 0) return 0;
  let left = 0;
  for (let pages = HELD[p] as number; pages !== 0; pages &= pages - 1) {
    const v = (p << PAGE_SHIFT) | lowestOf(pages);
    if (PAGE_UNIT[v] === u) left |= 1 << (PAGE_PFN[v] as number);
  }
  return left;
};

/** Notes what took the pages: the last op that took them from a process which kept others. */
const noteGone = (s: number, u: number, place: number): void => {
  const removed = UNIT_REMOVED[u] as number;
  const isShared = ((UNIT_FACTS[u] as number) & IS_SHARED) !== 0;
  const here = isShared ? placeAmong(removed, leftInProcess(s, u)) : place;
  const cause = removalCause(UNIT_REMOVAL[u] as number, here === WHOLE ? place : here);
  const known = UNIT_KNOWN[u] as number;
  UNIT_KNOWN[u] = known | removed;
  for (let pages = here === WHOLE ? removed & ~known : removed; pages !== 0; pages &= pages - 1) {
    UNIT_GONE[(u << PAGE_SHIFT) + lowestOf(pages)] = cause;
  }
};

/** Whether the unit's reservation is not exactly its pages. */
export const deviates = (u: number): boolean => {
  const live = liveOf(u);
  if (countOf(live) !== UNIT_RESERVED[u]) return true;
  if (live === 0 || UNIT_ENTRIES[u] !== 1) return false;
  return ROW_PAGES[UNIT_ROW[u] as number] !== live;
};

/** Notes what took the unit's pages, and the first cause of a reservation that does not fit. */
export const markUnit = (s: number, u: number): void => {
  const removed = UNIT_REMOVED[u] as number;
  const live = liveOf(u);
  if (UNIT_ENTRIES[u] === 0 && (live === 0 || removed === 0)) return;
  const place = removed === 0 ? WHOLE : placeAmong(removed, live);
  if (removed !== 0) noteGone(s, u, place);
  if (place === MIDDLE) UNIT_FACTS[u] = (UNIT_FACTS[u] as number) | IS_SPLIT;
  const mark = UNIT_MARK[u] as number;
  if (!deviates(u)) {
    if (mark !== NO_CAUSE) UNIT_HEALED[u] = mark;
    UNIT_MARK[u] = NO_CAUSE;
    return;
  }
  if (live === 0) uncountUnit(s, u);
  if (mark === NO_CAUSE && removed !== 0) UNIT_MARK[u] = firstCause(s, u, place);
};

const firstCause = (s: number, u: number, place: number): CauseId => {
  const moved = UNIT_MOVED[u] as number;
  if (moved !== NO_CAUSE) return moved;
  if (place === WHOLE || place === TAIL) {
    if (((UNIT_FACTS[u] as number) & IS_SPLIT) !== 0) return SPLIT;
    if (isCrossed(s, u)) return place === WHOLE ? END_MATCH : EQUAL_MATCH;
  }
  return removalCause(UNIT_REMOVAL[u] as number, place);
};
