import { ENOMEM, EPERM, OK } from "./errno.ts";
import {
  ANON,
  BEGINS,
  CONTEXT_END,
  CONTEXT_KREF,
  CONTEXT_SHIFT,
  CONTEXT_START,
  countOf,
  giveUp,
  highestOf,
  IS_VM_PAT,
  LINKS,
  lowestOf,
  MAPPED,
  maskOf,
  PAGE_SHIFT,
  PRESENT,
  PRIVATE,
  SEALED,
  TRACKED,
  VMA_CONTEXT,
  VMA_MODE,
  VMA_ORDER,
  VMA_PFN,
  WORLD,
  WORLD_MAPS,
} from "./memory.ts";
import { untrack } from "./memtype.ts";

/** Where the VMA begins that holds a page; one must. */
export const startOf = (p: number, page: number): number => {
  return highestOf((BEGINS[p] as number) & ((2 << page) - 1));
};

/** Where the VMA ends that holds a page. */
export const endOf = (p: number, page: number): number => {
  const ends = ((BEGINS[p] as number) | ~(MAPPED[p] as number)) >>> (page + 1);
  return page + 1 + lowestOf(ends);
};

/** The pfn that a page of a VMA maps. */
export const pfnAt = (p: number, page: number): number => {
  const start = startOf(p, page);
  return (VMA_PFN[(p << PAGE_SHIFT) | start] as number) + page - start;
};

/** Whether the limit lets a process have so many more VMAs. */
export const hasRoom = (p: number, more: number): boolean => {
  const maps = WORLD[WORLD_MAPS] as number;
  return maps === 0 || countOf(BEGINS[p] as number) + more <= maps;
};

/** A number for a VMA that is linked into a file's tree (KernelState.linkOrder()). */
export const linkOrder = (s: number): number => {
  const links = (LINKS[s] as number) + 1;
  LINKS[s] = links;
  return links;
};

/** One VMA more holds what is tracked for another: its context, or its flag with its pages. */
export const shareContext = (s: number, v: number, original: number): void => {
  const context = VMA_CONTEXT[original] as number;
  VMA_CONTEXT[v] = context;
  if (context !== 0) {
    const c = (s << CONTEXT_SHIFT) + context;
    CONTEXT_KREF[c] = (CONTEXT_KREF[c] as number) + 1;
  }
};

/** __split_vma(): `at` lies inside a VMA. */
export const split = (s: number, p: number, at: number): void => {
  const start = startOf(p, at);
  const old = (p << PAGE_SHIFT) | start;
  const upper = (p << PAGE_SHIFT) | at;
  BEGINS[p] = (BEGINS[p] as number) | (1 << at);
  VMA_PFN[upper] = (VMA_PFN[old] as number) + at - start;
  VMA_MODE[upper] = VMA_MODE[old] as number;
  VMA_ORDER[old] = linkOrder(s);
  VMA_ORDER[upper] = linkOrder(s);
  shareContext(s, upper, old);
};

/** Whether a page lies in a VMA that begins before it. */
export const isInside = (p: number, page: number): boolean => {
  return ((((MAPPED[p] as number) & ~(BEGINS[p] as number)) >>> page) & 1) === 1;
};

/** Cuts the VMA that holds [start, end) at both ends (splitAround()). */
export const splitAround = (s: number, p: number, start: number, end: number): number => {
  if (isInside(p, start)) {
    if (!hasRoom(p, 1)) return ENOMEM;
    split(s, p, start);
  }
  if (isInside(p, end)) {
    if (!hasRoom(p, 1)) return ENOMEM;
    split(s, p, end);
  }
  return OK;
};

/** vms_gather_munmap_vmas(): cuts VMAs at both ends and looks for what may not go. */
export const gather = (s: number, p: number, start: number, end: number): number => {
  const range = maskOf(start, end);
  const sealed = SEALED[p] as number;
  if (isInside(p, start)) {
    if (end < endOf(p, start) && !hasRoom(p, 1)) return ENOMEM;
    if (((sealed >>> start) & 1) === 1) return EPERM;
    split(s, p, start);
  }
  if ((sealed & range) !== 0) return EPERM;
  if (isInside(p, end)) split(s, p, end);
  return OK;
};

/** unmap_vmas() over whole VMAs: the tracking hears of each before its pages go. */
export const clearVmas = (s: number, p: number, range: number): void => {
  if (IS_VM_PAT[s] === 1) {
    const first = (TRACKED[p] as number) & (BEGINS[p] as number) & range;
    for (let starts = first; starts !== 0; starts &= starts - 1) {
      untrackVma(s, p, lowestOf(starts));
    }
    TRACKED[p] = (TRACKED[p] as number) & ~range;
  }
  PRESENT[p] = (PRESENT[p] as number) & ~range;
  ANON[p] = (ANON[p] as number) & ~range;
};

/**
 * untrack_pfn() of a VMA with VM_PAT: the pfn comes from the page table, else from vm_pgoff of a
 * private mapping, which is the same here; where there is neither, the kernel warns.
 */
export const untrackVma = (s: number, p: number, start: number): void => {
  if (((((PRESENT[p] as number) | (PRIVATE[p] as number)) >>> start) & 1) === 0) return giveUp();
  const pfn = VMA_PFN[(p << PAGE_SHIFT) | start] as number;
  untrack(s, pfn, pfn + endOf(p, start) - start);
};

/** remove_vma() over whole VMAs: contexts are put in order of address. */
export const freeVmas = (s: number, p: number, range: number): void => {
  if (IS_VM_PAT[s] === 0) {
    for (let starts = (BEGINS[p] as number) & range; starts !== 0; starts &= starts - 1) {
      putContext(s, VMA_CONTEXT[(p << PAGE_SHIFT) | lowestOf(starts)] as number);
    }
  }
  MAPPED[p] = (MAPPED[p] as number) & ~range;
  BEGINS[p] = (BEGINS[p] as number) & ~range;
  SEALED[p] = (SEALED[p] as number) & ~range;
};

/** vma_pfnmap_track_ctx_release(): the last put gives the whole range back. */
const putContext = (s: number, context: number): void => {
  if (context === 0) return;
  const c = (s << CONTEXT_SHIFT) + context;
  const kref = (CONTEXT_KREF[c] as number) - 1;
  CONTEXT_KREF[c] = kref;
  if (kref === 0) untrack(s, CONTEXT_START[c] as number, CONTEXT_END[c] as number);
};

/** do_vmi_munmap(): a range that maps nothing is fine. */
export const munmap = (s: number, p: number, at: number, pages: number): number => {
  const error = gather(s, p, at, at + pages);
  if (error !== OK) return error;
  const range = maskOf(at, at + pages);
  if (((MAPPED[p] as number) & range) === 0) return OK;
  clearVmas(s, p, range);
  freeVmas(s, p, range);
  return OK;
};
