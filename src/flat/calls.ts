import { UC_MINUS, WB, WC } from "../pat/cachemode.ts";
import { EAGAIN, EFAULT, EINVAL, EIO, ENOMEM, ENOSYS, EPERM, OK } from "./errno.ts";
import { DEVMEM_MAPS_AFTER_FREE, FREES_REPLACED_FIRST, HAS_MSEAL } from "./facts.ts";
import {
  ANON,
  AT,
  BEGINS,
  CONTEXT_END,
  CONTEXT_KREF,
  CONTEXT_SHIFT,
  CONTEXT_START,
  CONTEXTS,
  DONTFORK,
  FACTS,
  FLAG,
  int,
  IS_VM_PAT,
  LENGTH,
  lowestOf,
  MAPPED,
  maskOf,
  OP,
  PAGE_SHIFT,
  PFN,
  PRESENT,
  PRIVATE,
  PROT,
  READ,
  SEALED,
  TRACKED,
  VIA,
  VMA_CONTEXT,
  VMA_MODE,
  VMA_ORDER,
  VMA_PFN,
  WRITE,
} from "./memory.ts";
import { GRANTED, track } from "./memtype.ts";
import { clearVmas, endOf, freeVmas, gather, hasRoom, linkOrder, splitAround } from "./vmas.ts";

/** Ways into the region, in the order of VIAS; what they ask for, and whether it is /dev/mem. */
const VIA_MODE: readonly number[] = [UC_MINUS, WC, WB, UC_MINUS];
const FIRST_DEVMEM = 2;
/** Protections in the order of PROTS. */
const PROT_NONE = 0;
export const PROT_RW = 2;

/** A range with a bit for each page if `on`. */
const put = (array: Int32Array, p: number, range: number, on: boolean): void => {
  const rest = (array[p] as number) & ~range;
  array[p] = on ? rest | range : rest;
};

/** The context of a new mapping: one reference. A trace has fewer ops than there is room for. */
const newContext = (s: number, start: number, end: number): number => {
  const context = (CONTEXTS[s] as number) + 1;
  CONTEXTS[s] = context;
  const c = (s << CONTEXT_SHIFT) + context;
  CONTEXT_KREF[c] = 1;
  CONTEXT_START[c] = int(start);
  CONTEXT_END[c] = int(end);
  return context;
};

/** mmap(MAP_FIXED) of a file whose handler remaps the whole VMA (mm/mmap.ts). */
export const mmap = (s: number, p: number): number => {
  const at = OP[AT] as number;
  const end = at + (OP[LENGTH] as number);
  if (!hasRoom(p, 0)) return ENOMEM;
  const error = gather(s, p, at, end);
  if (error !== OK) return error;
  const via = OP[VIA] as number;
  const isDevmem = via >= FIRST_DEVMEM;
  const range = maskOf(at, end);
  const freesFirst = FREES_REPLACED_FIRST | (isDevmem ? DEVMEM_MAPS_AFTER_FREE : 0);
  const replaced = ((MAPPED[p] as number) & range) !== 0;
  const first = replaced && ((FACTS[s] as number) & freesFirst) !== 0;
  if (replaced) clearVmas(s, p, range);
  if (first) freeVmas(s, p, range);
  const pfn = OP[PFN] as number;
  const refused = track(s, pfn, pfn + end - at, VIA_MODE[via] as number, false);
  const context = refused === OK && IS_VM_PAT[s] === 0 ? newContext(s, pfn, pfn + end - at) : 0;
  if (replaced && !first) freeVmas(s, p, range);
  const order = linkOrder(s);
  if (refused !== OK) return isDevmem ? EAGAIN : EINVAL;
  link(p, at, range, context, order);
  return OK;
};

/** Links the new VMA with the pages that it maps. */
const link = (p: number, at: number, range: number, context: number, order: number): void => {
  const v = (p << PAGE_SHIFT) | at;
  VMA_PFN[v] = OP[PFN] as number;
  VMA_MODE[v] = GRANTED[0] as number;
  VMA_CONTEXT[v] = int(context);
  VMA_ORDER[v] = order;
  MAPPED[p] = (MAPPED[p] as number) | range;
  BEGINS[p] = (BEGINS[p] as number) | (1 << at);
  PRESENT[p] = (PRESENT[p] as number) | range;
  TRACKED[p] = (TRACKED[p] as number) | range;
  DONTFORK[p] = (DONTFORK[p] as number) & ~range;
  put(PRIVATE, p, range, OP[FLAG] === 1);
  putProt(p, range);
};

/** Gives pages the protection that the op says. */
const putProt = (p: number, range: number): void => {
  const prot = OP[PROT] as number;
  put(READ, p, range, prot !== PROT_NONE);
  put(WRITE, p, range, prot === PROT_RW);
};

/** mprotect(): VMA by VMA, up to the first gap or sealed VMA. */
export const mprotect = (s: number, p: number): number => {
  const at = OP[AT] as number;
  const end = at + (OP[LENGTH] as number);
  const reads = OP[PROT] === PROT_NONE ? 0 : 1;
  const writes = OP[PROT] === PROT_RW ? 1 : 0;
  for (let from = at; from < end; ) {
    if ((((MAPPED[p] as number) >>> from) & 1) === 0) return ENOMEM;
    if ((((SEALED[p] as number) >>> from) & 1) === 1) return EPERM;
    const upTo = Math.min(end, endOf(p, from));
    const same =
      (((READ[p] as number) >>> from) & 1) === reads &&
      (((WRITE[p] as number) >>> from) & 1) === writes;
    if (!same) {
      const error = splitAround(s, p, from, upTo);
      if (error !== OK) return error;
      putProt(p, maskOf(from, upTo));
    }
    from = upTo;
  }
  return OK;
};

/** madvise(): gaps are stepped over; only DONTFORK does anything (advice 0), WILLNEED (4) nothing. */
export const madvise = (s: number, p: number, advice: number): number => {
  const at = OP[AT] as number;
  const end = at + (OP[LENGTH] as number);
  let outcome = OK;
  for (let from = at; from < end; ) {
    const left = (MAPPED[p] as number) & maskOf(from, end);
    if (left === 0) return ENOMEM;
    const start = lowestOf(left);
    if (start > from) outcome = ENOMEM;
    if (advice !== DONTFORK_ADVICE && advice !== WILLNEED_ADVICE) return EINVAL;
    const upTo = Math.min(end, endOf(p, start));
    if (advice === DONTFORK_ADVICE && (((DONTFORK[p] as number) >>> start) & 1) === 0) {
      if (splitAround(s, p, start, upTo) !== OK) return EAGAIN;
      put(DONTFORK, p, maskOf(start, upTo), true);
    }
    from = upTo;
  }
  return outcome;
};

const DONTFORK_ADVICE = 0;
const WILLNEED_ADVICE = 4;

/** mlock() and munlock(): all that is left of them is the walk, which ends at a gap. */
export const mlock = (p: number): number => {
  const range = maskOf(OP[AT] as number, (OP[AT] as number) + (OP[LENGTH] as number));
  return ((MAPPED[p] as number) & range) === range ? OK : ENOMEM;
};

/** mseal(): a gap is found before anything is sealed. */
export const mseal = (s: number, p: number): number => {
  if (((FACTS[s] as number) & HAS_MSEAL) === 0) return ENOSYS;
  if (mlock(p) !== OK) return ENOMEM;
  const end = (OP[AT] as number) + (OP[LENGTH] as number);
  for (let from = OP[AT] as number; from < end; ) {
    const upTo = Math.min(end, endOf(p, from));
    if ((((SEALED[p] as number) >>> from) & 1) === 0) {
      const error = splitAround(s, p, from, upTo);
      if (error !== OK) return error;
      put(SEALED, p, maskOf(from, upTo), true);
    }
    from = upTo;
  }
  return OK;
};

/** One access: a write to a private mapping puts a page of its own there. */
export const touch = (p: number): number => {
  const at = OP[AT] as number;
  const bit = 1 << at;
  const writes = OP[FLAG] === 1;
  const allowed = (MAPPED[p] as number) & ((writes ? WRITE[p] : READ[p]) as number);
  if ((allowed & bit) === 0) return EFAULT;
  if ((((PRESENT[p] as number) | (ANON[p] as number)) & bit) === 0) return EIO;
  if (writes && ((PRIVATE[p] as number) & bit) !== 0) {
    ANON[p] = (ANON[p] as number) | bit;
    PRESENT[p] = (PRESENT[p] as number) & ~bit;
  }
  return OK;
};
