import { ESRCH, OK } from "../src/flat/errno.ts";
import { FORK, MADVISE, MMAP, MPROTECT, MREMAP, MSEAL, MUNMAP, TOUCH } from "../src/flat/kinds.ts";
import {
  AT,
  BEGINS,
  CHILD,
  FLAG,
  KIND,
  LENGTH,
  lowestOf,
  MAPPED,
  maskOf,
  MOST_PROCS,
  NEW_LENGTH,
  OP,
  OUTCOME,
  PAGE_SHIFT,
  placeOf,
  PRIVATE,
  PROC,
  REFUSED,
  TO,
  VMA_PFN,
} from "../src/flat/memory.ts";
import { untrackedMask } from "../src/flat/pages.ts";
import { endOf, isInside, pfnAt, startOf } from "../src/flat/vmas.ts";
import { goalBit, type GoalSet } from "./goals.ts";

const SPLIT = goalBit("split");
const MUNMAP_HEAD = goalBit("munmap-head");
const MUNMAP_MIDDLE = goalBit("munmap-middle");
const MUNMAP_TAIL = goalBit("munmap-tail");
const MREMAP_SHRINK = goalBit("mremap-shrink");
const MOVE_WHOLE = goalBit("move-whole");
const MOVE_PIECE = goalBit("move-piece");
const FORK_SPLIT = goalBit("fork-split");
const FORK_FAILS = goalBit("fork-fails");
const MMAP_REFUSED = goalBit("mmap-refused");
const MMAP_REPLACES = goalBit("mmap-replaces");
const COW_FIRST = goalBit("cow-first");

/** The goals reached in this trace; those that a side reaches if the op at hand succeeds. */
export const GOALS_REACHED = new Int32Array(32);
const HOPES = new Int32Array(32);
/** Where the op may split VMAs, and where VMAs began before it, by side. */
const MAY_SPLIT = new Int32Array(32);
const BEGAN = new Int32Array(32);
/** By process: borders that a split has made and that still stand; and whether there are any. */
const BORDERS = new Int32Array(2 * MOST_PROCS);
const HAS_BORDERS = new Int32Array(32);

/** Makes the goals ready for another trace. */
export const clearGoals = (): void => {
  GOALS_REACHED[0] = 0;
  if (HAS_BORDERS[0] === 1) BORDERS.fill(0);
  HAS_BORDERS[0] = 0;
};

const reach = (goals: GoalSet): void => {
  GOALS_REACHED[0] = (GOALS_REACHED[0] as number) | goals;
};

/** Takes in what the op at hand is about to act on, on one side (GoalObserver.before()). */
export const goalsBefore = (s: number): void => {
  const p = placeOf(s, OP[PROC] as number);
  const at = OP[AT] as number;
  const end = at + (OP[LENGTH] as number);
  const tracked = (MAPPED[p] as number) & ~untrackedMask(s, p);
  HOPES[s] = 0;
  MAY_SPLIT[s] = 0;
  switch (OP[KIND]) {
    case MMAP:
      HOPES[s] = (tracked & maskOf(at, end)) === 0 ? 0 : MMAP_REPLACES;
      return;
    case MUNMAP:
      HOPES[s] = hopesOfMunmap(p, tracked, at, end);
      return;
    case MREMAP:
      if (((tracked >>> at) & 1) === 1) HOPES[s] = hopesOfMremap(p, at, end);
      return;
    case MPROTECT:
    case MADVISE:
    case MSEAL:
      MAY_SPLIT[s] = tracked & ~(BEGINS[p] as number) & ((1 << at) | (1 << end));
      BEGAN[s] = BEGINS[p] as number;
      return;
    case TOUCH:
      HOPES[s] =
        (tracked & (BEGINS[p] as number) & (PRIVATE[p] as number) & (1 << at)) === 0
          ? 0
          : COW_FIRST * (OP[FLAG] as number);
      return;
    default:
      return;
  }
};

const hopesOfMunmap = (p: number, tracked: number, at: number, end: number): GoalSet => {
  let hopes = 0;
  const isCutInside = isInside(p, at);
  if (isCutInside && ((tracked >>> at) & 1) === 1) {
    hopes = endOf(p, at) > end ? MUNMAP_MIDDLE : MUNMAP_TAIL;
  }
  if (((tracked >>> end) & 1) === 1 && isInside(p, end) && startOf(p, end) >= at) {
    hopes |= MUNMAP_HEAD;
  }
  return hopes;
};

const hopesOfMremap = (p: number, at: number, end: number): GoalSet => {
  const [pages, newPages] = [OP[LENGTH] as number, OP[NEW_LENGTH] as number];
  const hopes = newPages < pages ? MREMAP_SHRINK : 0;
  if ((OP[TO] as number) < 0 || newPages !== pages) return hopes;
  const vmaEnd = endOf(p, at);
  if (vmaEnd === end && startOf(p, at) === at) return hopes | MOVE_WHOLE;
  return end <= vmaEnd ? hopes | MOVE_PIECE : hopes;
};

/** Takes in what came of it, on one side (GoalObserver.after()). */
export const goalsAfter = (s: number): void => {
  const p = placeOf(s, OP[PROC] as number);
  if (OUTCOME[s] === OK) {
    reach(HOPES[s] as number);
    if (MAY_SPLIT[s] !== 0) noteBorders(s, p);
  } else if (OP[KIND] === FORK) {
    if (OP[FLAG] === 0 && OUTCOME[s] !== ESRCH) reach(FORK_FAILS);
  } else if (OP[KIND] === MMAP && REFUSED[s] === 1) {
    reach(MMAP_REFUSED);
  }
  if (HAS_BORDERS[0] === 1) keepBorders(s, p);
};

const noteBorders = (s: number, p: number): void => {
  if (((BEGINS[p] as number) & ~(BEGAN[s] as number)) === 0) return;
  reach(SPLIT);
  BORDERS[p] = (BORDERS[p] as number) | (MAY_SPLIT[s] as number);
  HAS_BORDERS[0] = 1;
};

const keepBorders = (s: number, p: number): void => {
  const borders = BORDERS[p] as number;
  if (borders === 0) return;
  if (OP[KIND] === FORK && OUTCOME[s] === OK) {
    reach(FORK_SPLIT);
    const c = placeOf(s, OP[CHILD] as number);
    BORDERS[c] = standing(c, borders);
  }
  BORDERS[p] = standing(p, borders);
};

/** Of these borders, those where two VMAs meet and go on from one physical page to the next. */
const standing = (p: number, borders: number): number => {
  const met = borders & (BEGINS[p] as number) & ((MAPPED[p] as number) << 1);
  let kept = 0;
  for (let left = met; left !== 0; left &= left - 1) {
    const border = lowestOf(left);
    if (pfnAt(p, border - 1) + 1 === VMA_PFN[(p << PAGE_SHIFT) | border]) kept |= 1 << border;
  }
  return kept;
};
