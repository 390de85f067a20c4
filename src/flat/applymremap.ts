/** mremap() in the ledger, as far as it is seen to have got: src/oracle/remap.ts. */
import { HEAD, MIDDLE, MOVE, NO_CAUSE, SHRINK, TAIL, UNMAP } from "../oracle/causes.ts";
import {
  COPIED,
  HELD,
  IS_SPLIT,
  liveOf,
  PAGE_PFN,
  PAGE_UNIT,
  TAKEN,
  touchUnit,
  UNIT_FACTS,
  UNIT_MOVED,
} from "./ledger.ts";
import {
  AT,
  countOf,
  LENGTH,
  lowestOf,
  MAPPED,
  maskOf,
  NEW_LENGTH,
  OP,
  PAGE_SHIFT,
  TO,
} from "./memory.ts";
import { confirm, losePages, missing, noteSplit, untrackedMask } from "./pages.ts";
import { pfnAt } from "./vmas.ts";

export const applyMremap = (s: number, p: number, ok: boolean): void => {
  const at = OP[AT] as number;
  const pages = OP[LENGTH] as number;
  const newPages = OP[NEW_LENGTH] as number;
  const to = OP[TO] as number;
  const kept = Math.min(pages, newPages);
  if (to >= 0) {
    const target = maskOf(to, to + newPages);
    const moved = movedPages(p, at, to, kept);
    const movedIn = to > at ? moved << (to - at) : moved >>> (at - to);
    const gone = missing(p, target) | (movedIn & (HELD[p] as number));
    losePages(s, p, gone, UNMAP);
  }
  losePages(s, p, missing(p, maskOf(at + kept, at + pages)), SHRINK);
  if (to >= 0) {
    movePages(s, p, movedPages(p, at, to, kept), to - at);
    confirm(p, maskOf(to, to + newPages));
  }
  if (!ok) {
    noteSplit(p, at + newPages);
    if (to >= 0) noteSplit(p, to);
  }
  confirm(p, maskOf(at, at + Math.max(pages, to < 0 ? newPages : 0)));
};

/** Of the pages at the source, those that are now seen at the target instead. */
const movedPages = (p: number, at: number, to: number, kept: number): number => {
  const seen = MAPPED[p] as number;
  const left = (HELD[p] as number) & ~seen & maskOf(at, at + kept);
  let moved = 0;
  for (let pages = left; pages !== 0; pages &= pages - 1) {
    const page = lowestOf(pages);
    const target = page + to - at;
    if (((seen >>> target) & 1) === 0) continue;
    if (pfnAt(p, target) === PAGE_PFN[(p << PAGE_SHIFT) | page]) moved |= 1 << page;
  }
  return moved;
};

/** Moves pages, unit by unit, as far as they lie together. */
const movePages = (s: number, p: number, moved: number, by: number): void => {
  for (let left = moved; left !== 0; ) {
    const begin = lowestOf(left);
    const u = PAGE_UNIT[(p << PAGE_SHIFT) | begin] as number;
    let end = begin;
    while (((left >>> end) & 1) === 1 && PAGE_UNIT[(p << PAGE_SHIFT) | end] === u) {
      relocate(p, end, end + by);
      end++;
    }
    left &= ~maskOf(begin, end);
    touchUnit(s, u, UNMAP);
    noteMove(s, p, u, begin, end);
  }
};

/** Moves a page to an empty place of the same process. */
const relocate = (p: number, from: number, to: number): void => {
  PAGE_UNIT[(p << PAGE_SHIFT) | to] = PAGE_UNIT[(p << PAGE_SHIFT) | from] as number;
  PAGE_PFN[(p << PAGE_SHIFT) | to] = PAGE_PFN[(p << PAGE_SHIFT) | from] as number;
  moveBit(HELD, p, from, to);
  moveBit(COPIED, p, from, to);
  moveBit(TAKEN, p, from, to);
};

const moveBit = (array: Int32Array, p: number, from: number, to: number): void => {
  const all = array[p] as number;
  const bit = (all >>> from) & 1;
  array[p] = (all & ~((1 << from) | (1 << to))) | (bit << to);
};

/** Pages [begin, end) have left a VMA: the unit is split, and its rest may be tracked no more. */
const noteMove = (s: number, p: number, u: number, begin: number, end: number): void => {
  if (countOf(liveOf(u)) > end - begin) UNIT_FACTS[u] = (UNIT_FACTS[u] as number) | IS_SPLIT;
  if (UNIT_MOVED[u] !== NO_CAUSE) return;
  const rest = untrackedMask(s, p) & (HELD[p] as number);
  const before = begin > 0 && isRest(p, u, rest, begin - 1);
  const after = isRest(p, u, rest, end);
  if (before || after) UNIT_MOVED[u] = MOVE + (before ? (after ? MIDDLE : TAIL) : HEAD);
};

/** Whether this neighbour page is of the same unit, in a VMA that shows VM_PAT off. */
const isRest = (p: number, u: number, rest: number, page: number): boolean => {
  return ((rest >>> page) & 1) === 1 && PAGE_UNIT[(p << PAGE_SHIFT) | page] === u;
};
