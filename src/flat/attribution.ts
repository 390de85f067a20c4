/** Whose entry it was: src/oracle/attribution.ts and pairing.ts on the flat ledger. */
import {
  IS_SPLIT,
  isTouched,
  liveOf,
  lostOf,
  TOUCHED,
  TOUCHED_COUNT,
  UNIT_ENTRIES,
  UNIT_FACTS,
  UNIT_MARK,
  UNIT_MOVED,
  UNIT_RANGE,
} from "./ledger.ts";
import { UNIT_SHIFT } from "./counters.ts";
import {
  CHANGE_CAME,
  CHANGE_COUNT,
  CHANGE_END,
  CHANGE_HOME,
  CHANGE_MODE,
  CHANGE_SHIFT,
  CHANGE_START,
  ENTRY_SHIFT,
  highestOf,
  lowestOf,
  maskOf,
} from "./memory.ts";
import { NOBODY, ROW_MODE, ROW_OWNER, ROW_PAGES, rowsEnd } from "./reservations.ts";

/** `came` of a change that has found its owner. */
export const USED = 2;

const FINISHED = 0;
const FINISHED_INEXACT = 1;
const IS_TOUCHED = 2;
export const DEAD = 3;
const UNTOUCHED = 4;
const HARDLY = UNTOUCHED + 1;

/** How readily an owner is taken for the one whose entry changed, best first. */
export const ownerRank = (s: number, owner: number): number => {
  if (owner === NOBODY) return DEAD;
  const live = liveOf(owner);
  if (!isTouched(s, owner)) return live === 0 ? DEAD : UNTOUCHED;
  if (live !== 0) return IS_TOUCHED;
  return wasExact(owner) ? FINISHED : FINISHED_INEXACT;
};

/** Whether one untrack of the unit's pages would have freed its reservation. */
const wasExact = (u: number): boolean => {
  const isSplit = ((UNIT_FACTS[u] as number) & IS_SPLIT) !== 0;
  return !isSplit && UNIT_MARK[u] === 0 && UNIT_MOVED[u] === 0;
};

/** Whether an exact unit went entirely in this step. */
export const isFinished = (s: number, u: number): boolean => {
  return isTouched(s, u) && liveOf(u) === 0 && wasExact(u);
};

/** Claims an entry that came with exactly this range; -1 when there is none. */
export const claimChange = (s: number, start: number, end: number): number => {
  const top = (s << CHANGE_SHIFT) + (CHANGE_COUNT[s] as number);
  for (let at = s << CHANGE_SHIFT; at < top; at++) {
    if (CHANGE_CAME[at] === 1 && CHANGE_START[at] === start && CHANGE_END[at] === end) {
      CHANGE_CAME[at] = USED;
      return at;
    }
  }
  return -1;
};

/**
 * Among the entries of this value (any mode for -1) the one whose owner most likely let go of it,
 * or -1. `cut`: part of it is left, which an exact mapping that went entirely would not leave.
 */
export const findEntry = (s: number, pages: number, mode: number, cut: boolean): number => {
  let best = -1;
  let bestRank = HARDLY + 1;
  const top = rowsEnd(s);
  for (let r = s << ENTRY_SHIFT; r < top; r++) {
    if (ROW_PAGES[r] !== pages) continue;
    if (mode >= 0 && ROW_MODE[r] !== mode) continue;
    const plain = ownerRank(s, ROW_OWNER[r] as number);
    const rank = cut && plain === FINISHED ? HARDLY : plain;
    if (rank >= bestRank) continue;
    best = r;
    bestRank = rank;
  }
  return best;
};

/** An equal entry that may have gone and come again in this step, or -1. */
export const findTwin = (s: number, start: number, end: number): number => {
  return TOUCHED_COUNT[s] === 0 ? -1 : findEntry(s, maskOf(start, end), -1, false);
};

/**
 * The unit whose untrack hit the entry of `victim`: another that lost a page of the range in this
 * step, the last page first; -1 if there is none.
 */
export const findUntracker = (s: number, victim: number, range: number): number => {
  const base = s << UNIT_SHIFT;
  const top = base + (TOUCHED_COUNT[s] as number);
  let lost = 0;
  for (let at = base; at < top; at++) {
    const u = TOUCHED[at] as number;
    if (u !== victim) lost |= lostOf(u);
  }
  lost &= range;
  if (lost === 0) return -1;
  const last = 1 << highestOf(lost);
  let best = -1;
  for (let at = base; at < top; at++) {
    const u = TOUCHED[at] as number;
    if (u === victim || (lostOf(u) & last) === 0) continue;
    if (best < 0 || (UNIT_ENTRIES[best] === 0 && (UNIT_ENTRIES[u] as number) > 0)) best = u;
  }
  return best;
};

/** Whether another unit lost pages of this one's range in this step. */
export const isCrossed = (s: number, u: number): boolean => {
  return findUntracker(s, u, UNIT_RANGE[u] as number) >= 0;
};

/** Finds for every entry that came the entry that went and was cut down to it. */
export const pairChanges = (s: number): void => {
  const base = s << CHANGE_SHIFT;
  const top = base + (CHANGE_COUNT[s] as number);
  for (let came = base; came < top; came++) {
    if (CHANGE_CAME[came] !== 1) continue;
    let best = -1;
    let bestScore = 0;
    for (let went = base; went < top; went++) {
      if (!isInside(came, went)) continue;
      const score = pairScore(s, base, came, went);
      if (score <= bestScore) continue;
      best = went;
      bestScore = score;
    }
    CHANGE_HOME[came] = best;
  }
};

const pairScore = (s: number, base: number, came: number, went: number): number => {
  const start = CHANGE_START[went] as number;
  const pages = maskOf(start, CHANGE_END[went] as number);
  const r = findEntry(s, pages, CHANGE_MODE[went] as number, true);
  const owner = r < 0 ? NOBODY : (ROW_OWNER[r] as number);
  let taken = 0;
  for (let other = base; other < came; other++) if (CHANGE_HOME[other] === went) taken++;
  const isHead = CHANGE_START[came] === start;
  const score = (isHead ? 8 : 0) - (taken > 0 && isHead ? 8 : 0);
  if (owner === NOBODY) return score + 4;
  const live = liveOf(owner);
  const fits =
    live !== 0 && lowestOf(live) === CHANGE_START[came] && highestOf(live) + 1 === CHANGE_END[came];
  return score + (isFinished(s, owner) ? 0 : 4) + (fits ? 2 : 0) + (isTouched(s, owner) ? 1 : 0);
};

const isInside = (came: number, went: number): boolean => {
  if (CHANGE_CAME[went] !== 0 || CHANGE_MODE[came] !== CHANGE_MODE[went]) return false;
  const head = (CHANGE_START[came] as number) - (CHANGE_START[went] as number);
  const tail = (CHANGE_END[went] as number) - (CHANGE_END[came] as number);
  return head >= 0 && tail >= 0 && head + tail > 0;
};
