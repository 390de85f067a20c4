import { EFAULT, EINVAL, ENOMEM, EPERM, OK } from "./errno.ts";
import {
  CHECKS_BEFORE_UNMAP,
  CHECKS_OVERLAP_FIRST,
  COUNTS_ALWAYS,
  COUNTS_APART,
  MOVES_SEVERAL,
} from "./facts.ts";
import {
  ANON,
  AT,
  BEGINS,
  DONTFORK,
  EARLY_ROOM,
  FACTS,
  LENGTH,
  lowestOf,
  MAPPED,
  maskOf,
  MOVE_ROOM,
  NEW_LENGTH,
  OP,
  PAGE_SHIFT,
  PRESENT,
  PRIVATE,
  READ,
  SEALED,
  TO,
  TRACKED,
  VMA_MODE,
  VMA_ORDER,
  VMA_PFN,
  WRITE,
} from "./memory.ts";
import { endOf, hasRoom, linkOrder, munmap, shareContext, startOf } from "./vmas.ts";

/** What every mremap() asks first of the VMA at its source. */
const checkSource = (p: number, at: number): number => {
  if ((((MAPPED[p] as number) >>> at) & 1) === 0) return EFAULT;
  return (((SEALED[p] as number) >>> at) & 1) === 1 ? EPERM : OK;
};

/** vma_to_resize() and its successors of a pfn mapping (mm/mremap.ts). */
const checkResize = (p: number, at: number, pages: number, newPages: number): number => {
  if (pages === 0 && (((PRIVATE[p] as number) >>> at) & 1) === 1) return EINVAL;
  if (Math.min(pages, newPages) > endOf(p, at) - at) return EFAULT;
  return newPages > pages ? EFAULT : OK;
};

/** The bits of [at, at + pages) of a mask go to `to`, which has none. */
const shift = (array: Int32Array, p: number, at: number, pages: number, to: number): void => {
  const all = array[p] as number;
  const moved = (all >>> at) & ((1 << pages) - 1);
  array[p] = (all & ~maskOf(at, at + pages)) | (moved << to);
};

/** All pages of a range have a bit if the page at `at` has one. */
const spread = (array: Int32Array, p: number, at: number, range: number): void => {
  const all = array[p] as number;
  array[p] = ((all >>> at) & 1) === 1 ? all | range : all & ~range;
};

/** move_vma(): a copy at the destination, the pages, and then the source is unmapped. */
const moveVma = (s: number, p: number, at: number, pages: number, to: number): number => {
  if (!hasRoom(p, MOVE_ROOM[s] as number)) return ENOMEM;
  const start = startOf(p, at);
  const end = endOf(p, at);
  const old = (p << PAGE_SHIFT) | start;
  const copy = (p << PAGE_SHIFT) | to;
  const range = maskOf(to, to + pages);
  VMA_PFN[copy] = (VMA_PFN[old] as number) + at - start;
  VMA_MODE[copy] = VMA_MODE[old] as number;
  shareContext(s, copy, old);
  spread(PRIVATE, p, at, range);
  spread(READ, p, at, range);
  spread(WRITE, p, at, range);
  spread(DONTFORK, p, at, range);
  spread(TRACKED, p, at, range);
  MAPPED[p] = (MAPPED[p] as number) | range;
  BEGINS[p] = (BEGINS[p] as number) | (1 << to);
  VMA_ORDER[copy] = linkOrder(s);
  shift(PRESENT, p, at, pages, to);
  shift(ANON, p, at, pages, to);
  TRACKED[p] = (TRACKED[p] as number) & ~maskOf(start, end);
  munmap(s, p, at, pages);
  return OK;
};

/** mremap_to(): the destination goes first, then the part to shrink away, then the move. */
const mremapTo = (
  s: number,
  p: number,
  at: number,
  oldPages: number,
  newPages: number,
  to: number,
): number => {
  let pages = oldPages;
  const cleared = munmap(s, p, to, newPages);
  if (cleared !== OK) return cleared;
  if ((((MAPPED[p] as number) >>> at) & 1) === 0) return EFAULT;
  if (pages > newPages) {
    const shrunk = munmap(s, p, at + newPages, pages - newPages);
    if (shrunk !== OK) return shrunk;
    pages = newPages;
  }
  if ((((MAPPED[p] as number) >>> at) & 1) === 0) return EFAULT;
  const error = checkResize(p, at, pages, newPages);
  return error === OK ? moveVma(s, p, at, pages, to) : error;
};

/** remap_move(): every VMA of the range moves on its own, and the gaps between them are kept. */
const remapMove = (s: number, p: number, at: number, pages: number, to: number): number => {
  const end = at + pages;
  if ((((MAPPED[p] as number) >>> at) & 1) === 0) return EFAULT;
  for (let from = at; from < end; ) {
    const left = (MAPPED[p] as number) & maskOf(from, end);
    if (left === 0) break;
    const start = lowestOf(left);
    const length = Math.min(end, endOf(p, start)) - start;
    if ((((SEALED[p] as number) >>> start) & 1) === 1) return EPERM;
    const error = mremapTo(s, p, start, length, length, to + start - at);
    if (error !== OK) return error;
    from = start + length;
  }
  return OK;
};

/** mremap() with a fixed destination. */
const mremapFixed = (
  s: number,
  p: number,
  at: number,
  pages: number,
  newPages: number,
  to: number,
): number => {
  const facts = FACTS[s] as number;
  const isFull = !hasRoom(p, EARLY_ROOM[s] as number);
  const overlaps = at + pages > to && to + newPages > at;
  if ((facts & CHECKS_OVERLAP_FIRST) !== 0 && overlaps) return EINVAL;
  if ((facts & COUNTS_APART) === 0 && isFull) return ENOMEM;
  if ((facts & MOVES_SEVERAL) !== 0 && pages === newPages) return remapMove(s, p, at, pages, to);
  const refused = checkSource(p, at);
  if (refused !== OK) return refused;
  if (overlaps) return EINVAL;
  if ((facts & COUNTS_APART) !== 0 && isFull) return ENOMEM;
  if ((facts & CHECKS_BEFORE_UNMAP) !== 0) {
    const error = checkResize(p, at, pages, newPages);
    if (error !== OK) return error;
  }
  return mremapTo(s, p, at, pages, newPages, to);
};

/** mremap() of a pfn mapping (mm/mremap.ts says what of it is modelled). */
export const mremap = (s: number, p: number): number => {
  const at = OP[AT] as number;
  const pages = OP[LENGTH] as number;
  const newPages = OP[NEW_LENGTH] as number;
  const to = OP[TO] as number;
  if (newPages === 0) return EINVAL;
  if (to >= 0) return mremapFixed(s, p, at, pages, newPages, to);
  const counts = ((FACTS[s] as number) & COUNTS_ALWAYS) !== 0;
  if (counts && !hasRoom(p, EARLY_ROOM[s] as number)) return ENOMEM;
  const refused = checkSource(p, at);
  if (refused !== OK) return refused;
  if (newPages > pages) return checkResize(p, at, pages, newPages);
  return newPages < pages ? munmap(s, p, at + newPages, pages - newPages) : OK;
};
