import { ENOMEM, OK } from "./errno.ts";
import {
  ALIVE,
  ANON,
  BEGINS,
  BORN,
  BORN_COUNT,
  DONTFORK,
  FLAG,
  FORKS,
  giveUp,
  IS_VM_PAT,
  lowestOf,
  MAPPED,
  maskOf,
  MOST_CONTEXTS,
  MOST_PROCS,
  OP,
  PAGE_SHIFT,
  PRESENT,
  PRIVATE,
  PROC_SHIFT,
  READ,
  SEALED,
  TRACKED,
  VMA_MODE,
  VMA_ORDER,
  VMA_PFN,
  WRITE,
} from "./memory.ts";
import { track } from "./memtype.ts";
import { clearVmas, endOf, freeVmas, shareContext, untrackVma } from "./vmas.ts";

/** Brings a process to life, with the VMAs that it has. */
const bear = (s: number, p: number): void => {
  const count = BORN_COUNT[s] as number;
  // Nobody is born twice in a trace that was checked; one that was not goes the readable way.
  if (ALIVE[p] === 1 || count === MOST_PROCS) return giveUp();
  ALIVE[p] = 1;
  BORN[(s << PROC_SHIFT) + count] = p;
  BORN_COUNT[s] = count + 1;
};

/** A process that has no VMA. */
export const spawn = (s: number, p: number): void => {
  MAPPED[p] = 0;
  BEGINS[p] = 0;
  SEALED[p] = 0;
  PRESENT[p] = 0;
  ANON[p] = 0;
  TRACKED[p] = 0;
  bear(s, p);
};

/** exit_mmap(): all VMAs are unmapped first, then all are freed. */
export const exitMmap = (s: number, p: number): void => {
  const all = MAPPED[p] as number;
  if (all === 0) return;
  clearVmas(s, p, all);
  freeVmas(s, p, all);
};

/**
 * dup_mmap() and copy_page_range(). The VM_PAT side reserves for the child VMA by VMA, and a
 * refusal undoes what came before; the other takes references.
 */
export const fork = (s: number, p: number, c: number): number => {
  const forks = (FORKS[s] as number) + 1;
  FORKS[s] = forks;
  const behind = BEHIND[forks] as number;
  const kept = (MAPPED[p] as number) & ~(DONTFORK[p] as number);
  copyBits(p, c, kept);
  let failed = false;
  for (let starts = BEGINS[c] as number; starts !== 0 && !failed; starts &= starts - 1) {
    const start = lowestOf(starts);
    const [from, to] = [(p << PAGE_SHIFT) | start, (c << PAGE_SHIFT) | start];
    VMA_PFN[to] = VMA_PFN[from] as number;
    VMA_MODE[to] = VMA_MODE[from] as number;
    VMA_ORDER[to] = (VMA_ORDER[from] as number) + behind;
    if (IS_VM_PAT[s] === 0) shareContext(s, to, from);
    else if ((((TRACKED[p] as number) >>> start) & 1) === 1) failed = !copyTracking(s, p, c, start);
  }
  if (failed || OP[FLAG] === 1) {
    exitMmap(s, c);
    return ENOMEM;
  }
  bear(s, c);
  return OK;
};

/** The child's VMAs and page table; nothing of it is tracked yet. */
const copyBits = (p: number, c: number, kept: number): void => {
  MAPPED[c] = kept;
  BEGINS[c] = (BEGINS[p] as number) & kept;
  PRIVATE[c] = PRIVATE[p] as number;
  READ[c] = READ[p] as number;
  WRITE[c] = WRITE[p] as number;
  DONTFORK[c] = 0;
  SEALED[c] = (SEALED[p] as number) & kept;
  PRESENT[c] = (PRESENT[p] as number) & kept;
  ANON[c] = (ANON[p] as number) & kept;
  TRACKED[c] = 0;
};

/** How far behind its original the copy of a fork is put (KernelState.copyOrder()), by fork. */
const BEHIND = Float64Array.from({ length: MOST_CONTEXTS }, (_, forks) => 2 ** -forks);

/** track_pfn_copy(): strictly with the mode of the first page, which must be there. */
const copyTracking = (s: number, p: number, c: number, start: number): boolean => {
  if ((((PRESENT[p] as number) >>> start) & 1) === 0) {
    if ((((PRIVATE[p] as number) >>> start) & 1) === 0) giveUp();
    return false;
  }
  const v = (p << PAGE_SHIFT) | start;
  const pfn = VMA_PFN[v] as number;
  const end = endOf(p, start);
  if (track(s, pfn, pfn + end - start, VMA_MODE[v] as number, true) !== OK) return false;
  TRACKED[c] = (TRACKED[c] as number) | maskOf(start, end);
  return true;
};

/** The VMAs that a revoke takes pages from, in the order of the file's tree. */
const met = new Int32Array(1024);

/** revoke_iomem(): every VMA of the region stays, and maps nothing any more. */
export const revoke = (s: number): void => {
  let count = 0;
  for (let at = 0; at < (BORN_COUNT[s] as number); at++) {
    const p = BORN[(s << PROC_SHIFT) + at] as number;
    if (ALIVE[p] === 0) continue;
    const tracked = IS_VM_PAT[s] === 1 ? (TRACKED[p] as number) & (BEGINS[p] as number) : 0;
    for (let starts = tracked; starts !== 0; starts &= starts - 1) {
      count = meet((p << PAGE_SHIFT) | lowestOf(starts), count);
    }
  }
  for (let at = 0; at < count; at++) {
    const v = met[at] as number;
    untrackVma(s, v >> PAGE_SHIFT, v & ((1 << PAGE_SHIFT) - 1));
  }
  for (let at = 0; at < (BORN_COUNT[s] as number); at++) {
    const p = BORN[(s << PROC_SHIFT) + at] as number;
    TRACKED[p] = 0;
    PRESENT[p] = 0;
    ANON[p] = 0;
  }
};

/** Puts a VMA where it belongs among those met; it comes after its equals. */
const meet = (v: number, count: number): number => {
  let at = count;
  for (; at > 0 && isBefore(v, met[at - 1] as number); at--) met[at] = met[at - 1] as number;
  met[at] = v;
  return count + 1;
};

const isBefore = (v: number, other: number): boolean => {
  const byPfn = (VMA_PFN[v] as number) - (VMA_PFN[other] as number);
  return byPfn === 0 ? (VMA_ORDER[v] as number) < (VMA_ORDER[other] as number) : byPfn < 0;
};
