/** fork() in the ledger: src/oracle/fork.ts. */
import { COW_HEAD, NO_CAUSE } from "../oracle/causes.ts";
import { claimChange } from "./attribution.ts";
import { blame, blameNone } from "./blame.ts";
import { REFUSED_MAPPING } from "./findings.ts";
import {
  born,
  COPIED,
  HELD,
  IS_PRIVATE,
  IS_SHARED,
  newUnit,
  PAGE_PFN,
  PAGE_UNIT,
  TAKEN,
  UNIT_FACTS,
  UNIT_MODE,
} from "./ledger.ts";
import {
  BEGINS,
  CHANGE_COUNT,
  CHANGE_MODE,
  CHILD,
  DONTFORK,
  FLAG,
  giveUp,
  lowestOf,
  maskOf,
  OP,
  PAGE_SHIFT,
  placeOf,
  VMA_PFN,
} from "./memory.ts";
import { mapPages, putOff, untrackedMask } from "./pages.ts";
import { addRow } from "./reservations.ts";
import { endOf } from "./vmas.ts";

/**
 * The child has the VMAs that are seen, and of each page what its parent has. Where a reservation
 * of exactly a child VMA's range came, the child has a unit of its own; else it shares.
 */
export const applyFork = (s: number, p: number, ok: boolean): void => {
  if (!ok) {
    // A fork that is told to fail late fails for no tracking's sake.
    if (OP[FLAG] === 0) blameFork(s, p);
    return;
  }
  const c = placeOf(s, OP[CHILD] as number);
  born(s, c);
  const lost = untrackedMask(s, c);
  for (let starts = BEGINS[c] as number; starts !== 0; starts &= starts - 1) {
    const start = lowestOf(starts);
    copyVma(s, p, c, start, ((lost >>> start) & 1) === 1);
  }
};

const copyVma = (s: number, p: number, c: number, start: number, lost: boolean): void => {
  const end = endOf(c, start);
  const first = VMA_PFN[(c << PAGE_SHIFT) | start] as number;
  const shared = PAGE_UNIT[(p << PAGE_SHIFT) | start] as number;
  const range = maskOf(start, end);
  if (((HELD[p] as number) & range) !== range) return giveUp();
  for (let page = start; page < end; page++) {
    const v = (p << PAGE_SHIFT) | page;
    if (PAGE_PFN[v] !== first + page - start || PAGE_UNIT[v] !== shared) return giveUp();
  }
  const own = lost ? -1 : ownUnit(s, shared, first, first + end - start);
  if (own < 0) UNIT_FACTS[shared] = (UNIT_FACTS[shared] as number) | IS_SHARED;
  mapPages(s, c, start, end, first, own < 0 ? shared : own);
  const copied = (COPIED[p] as number) & range;
  const taken = (TAKEN[p] as number) & range;
  if (copied !== 0) putOff(s, c, copied, COPIED);
  if (taken !== 0) putOff(s, c, taken, TAKEN);
};

/** The new unit of a child VMA for which a reservation came, or -1. */
const ownUnit = (s: number, shared: number, first: number, last: number): number => {
  if (CHANGE_COUNT[s] === 0) return -1;
  const claim = claimChange(s, first, last);
  if (claim < 0) return -1;
  const facts = (UNIT_FACTS[shared] as number) & IS_PRIVATE;
  const u = newUnit(s, first, maskOf(first, last), UNIT_MODE[shared] as number, facts);
  addRow(s, first, last, CHANGE_MODE[claim] as number, u, NO_CAUSE);
  return u;
};

/** Exact tracking never refuses a fork: the child maps what its parent maps, with its modes. */
const blameFork = (s: number, p: number): void => {
  for (let starts = BEGINS[p] as number; starts !== 0; starts &= starts - 1) {
    const start = lowestOf(starts);
    const v = (p << PAGE_SHIFT) | start;
    if ((((HELD[p] as number) >>> start) & 1) === 0) continue;
    const first = VMA_PFN[v] as number;
    const mode = UNIT_MODE[PAGE_UNIT[v] as number] as number;
    if (blame(s, REFUSED_MAPPING, first, first + endOf(p, start) - start, mode, -1)) return;
  }
  blameNone(s, REFUSED_MAPPING, hasCopiedHead(s, p) ? COW_HEAD : NO_CAUSE);
};

/** Whether a VMA that is tracked and forked has its first page copied on write. */
const hasCopiedHead = (s: number, p: number): boolean => {
  const heads = (BEGINS[p] as number) & (COPIED[p] as number);
  return (heads & ~untrackedMask(s, p) & ~(DONTFORK[p] as number)) !== 0;
};
