/**
 * The ledger of the flat oracle: what src/oracle keeps in units, reservations and pages, in arrays.
 * Names and meaning are those of Unit, Reservation, PfnLedger and ProcPages there.
 */
import {
  clearCounter,
  countDown,
  countUp,
  MOST_UNITS,
  SOME,
  UNIT_COUNTERS,
  UNIT_SHIFT,
} from "./counters.ts";
import { giveUp, int, MOST_PROCS, PROC_SHIFT } from "./memory.ts";

/** By side. */
export const STEP = new Int32Array(32);
export const PARTED = new Int32Array(32);
export const CUT_BY_END = new Int32Array(32);
/** Pages that left a VMA, whose mappings began or ended, or that lost a reservation, in this step. */
export const DROPPED = new Int32Array(32);
export const CHANGED = new Int32Array(32);
export const UNCOVERED = new Int32Array(32);
export const HAS_NEW_SUSPECT = new Int32Array(32);

/** By process: pages in VMAs, and those off their pfn, by a write or by a revoke. */
export const HELD = new Int32Array(2 * MOST_PROCS);
export const COPIED = new Int32Array(2 * MOST_PROCS);
export const TAKEN = new Int32Array(2 * MOST_PROCS);
export const LIVING = new Int32Array(2 * MOST_PROCS);
/** By virtual page: the unit, and the pfn. */
export const PAGE_UNIT = new Int32Array(2 * MOST_PROCS * 32);
export const PAGE_PFN = new Int32Array(2 * MOST_PROCS * 32);
/** Processes in the order in which they were born, by s * MOST_PROCS, and how many. */
export const KNOWN = new Int32Array(2 * MOST_PROCS);
export const KNOWN_COUNT = new Int32Array(32);

/** By unit: the pages of its range, and its first pfn. */
export const UNIT_RANGE = new Int32Array(2 * MOST_UNITS);
export const UNIT_FIRST = new Int32Array(2 * MOST_UNITS);
export const UNIT_MODE = new Int32Array(2 * MOST_UNITS);
/** IS_PRIVATE and other facts, one bit each. */
export const UNIT_FACTS = new Int32Array(2 * MOST_UNITS);
export const IS_PRIVATE = 1;
export const IS_SHARED = 2;
export const IS_SPLIT = 4;
export const IS_REVOKED = 8;
export const UNIT_ENTRIES = new Int32Array(2 * MOST_UNITS);
/** The row of its entry, while it has one only. */
export const UNIT_ROW = new Int32Array(2 * MOST_UNITS);
/** How many pages its entries have together. */
export const UNIT_RESERVED = new Int32Array(2 * MOST_UNITS);
export const UNIT_MARK = new Int32Array(2 * MOST_UNITS);
export const UNIT_HEALED = new Int32Array(2 * MOST_UNITS);
export const UNIT_MOVED = new Int32Array(2 * MOST_UNITS);
/** Causes of over-retention already told, one bit each. */
export const UNIT_TOLD = new Int32Array(2 * MOST_UNITS);
/** The step that last touched it, how pages were removed there, and which. */
export const UNIT_STAMP = new Int32Array(2 * MOST_UNITS);
export const UNIT_REMOVAL = new Int32Array(2 * MOST_UNITS);
export const UNIT_REMOVED = new Int32Array(2 * MOST_UNITS);
/** Pages of which is known what took them, and what did, by u * 32 + pfn. */
export const UNIT_KNOWN = new Int32Array(2 * MOST_UNITS);
export const UNIT_GONE = new Int32Array(2 * MOST_UNITS * 32);

/** Units that the op at hand concerns, and units that are free again, by s * MOST_UNITS. */
export const TOUCHED = new Int32Array(2 * MOST_UNITS);
export const TOUCHED_COUNT = new Int32Array(32);
const FREE = new Int32Array(2 * MOST_UNITS);
const FREE_COUNT = new Int32Array(32);
const USED_COUNT = new Int32Array(32);

/** Counters of a side, from s * 4 on: mappings by cache mode, and pages in VMAs that are off. */
const SIDE_SHIFT = 2;
const OFF = 3;

/** Cache modes that a mapping of the region can get fill one mask each. */
export const modeMask = (s: number, mode: number): number => {
  return SOME[(s << SIDE_SHIFT) + mode] as number;
};

/** Pages that some mapping maps. */
export const mappedMask = (s: number): number => {
  const c = s << SIDE_SHIFT;
  return (SOME[c] as number) | (SOME[c + 1] as number) | (SOME[c + 2] as number);
};

/** Pages that are in some VMA, mapped or not. */
export const inVmaMask = (s: number): number => {
  return mappedMask(s) | (SOME[(s << SIDE_SHIFT) + OFF] as number);
};

/** Pages that a unit has in some VMA. */
export const liveOf = (u: number): number => {
  return SOME[UNIT_COUNTERS + u] as number;
};

/** Pages that a unit lost in the step that last touched it, which must be this one. */
export const lostOf = (u: number): number => {
  return (UNIT_REMOVED[u] as number) & ~(SOME[UNIT_COUNTERS + u] as number);
};

export const isTouched = (s: number, u: number): boolean => {
  return UNIT_STAMP[u] === STEP[s];
};

/** Empties the ledger of a side. */
export const clearLedger = (s: number): void => {
  STEP[s] = -1;
  CUT_BY_END[s] = 0;
  for (let c = s << SIDE_SHIFT; c < (s + 1) << SIDE_SHIFT; c++) clearCounter(c);
  for (let at = 0; at < (KNOWN_COUNT[s] as number); at++) {
    const p = KNOWN[(s << PROC_SHIFT) + at] as number;
    LIVING[p] = 0;
    HELD[p] = 0;
  }
  KNOWN_COUNT[s] = 0;
  TOUCHED_COUNT[s] = 0;
  FREE_COUNT[s] = 0;
  USED_COUNT[s] = 0;
};

/** Brings a process to life, empty. */
export const born = (s: number, p: number): void => {
  LIVING[p] = 1;
  HELD[p] = 0;
  const count = KNOWN_COUNT[s] as number;
  KNOWN[(s << PROC_SHIFT) + count] = int(p);
  KNOWN_COUNT[s] = count + 1;
};

/** Starts a step: units whose pages and entries are all gone are free again. */
export const beginStep = (s: number): void => {
  STEP[s] = (STEP[s] as number) + 1;
  DROPPED[s] = 0;
  CHANGED[s] = 0;
  UNCOVERED[s] = 0;
  HAS_NEW_SUSPECT[s] = 0;
  const base = s << UNIT_SHIFT;
  for (let at = 0; at < (TOUCHED_COUNT[s] as number); at++) {
    const u = TOUCHED[base + at] as number;
    if (liveOf(u) !== 0 || UNIT_ENTRIES[u] !== 0) continue;
    const count = FREE_COUNT[s] as number;
    FREE[base + count] = int(u);
    FREE_COUNT[s] = count + 1;
  }
  TOUCHED_COUNT[s] = 0;
};

/** A unit that is in no use. */
const unusedUnit = (s: number): number => {
  const free = (FREE_COUNT[s] as number) - 1;
  if (free >= 0) {
    FREE_COUNT[s] = free;
    return FREE[(s << UNIT_SHIFT) + free] as number;
  }
  const used = USED_COUNT[s] as number;
  if (used === MOST_UNITS - 1) giveUp();
  else USED_COUNT[s] = used + 1;
  return (s << UNIT_SHIFT) + used;
};

/** The unit of a new mapping of [first, end); it holds nothing yet. */
export const newUnit = (
  s: number,
  first: number,
  range: number,
  mode: number,
  facts: number,
): number => {
  const u = unusedUnit(s);
  UNIT_FIRST[u] = int(first);
  UNIT_RANGE[u] = int(range);
  UNIT_MODE[u] = int(mode);
  UNIT_FACTS[u] = int(facts);
  UNIT_ENTRIES[u] = 0;
  UNIT_RESERVED[u] = 0;
  UNIT_MARK[u] = 0;
  UNIT_HEALED[u] = 0;
  UNIT_MOVED[u] = 0;
  UNIT_TOLD[u] = 0;
  UNIT_STAMP[u] = -1;
  UNIT_REMOVED[u] = 0;
  UNIT_KNOWN[u] = 0;
  clearCounter(UNIT_COUNTERS + u);
  return u;
};

/** Notes that this step's op concerns the unit. */
export const touchUnit = (s: number, u: number, removal: number): void => {
  if (UNIT_STAMP[u] === STEP[s]) return;
  UNIT_STAMP[u] = STEP[s] as number;
  UNIT_REMOVAL[u] = int(removal);
  UNIT_REMOVED[u] = 0;
  const count = TOUCHED_COUNT[s] as number;
  TOUCHED[(s << UNIT_SHIFT) + count] = int(u);
  TOUCHED_COUNT[s] = count + 1;
};

/** Pages of a unit come into a VMA, and are mapped. */
export const hold = (s: number, u: number, pfns: number): void => {
  countUp(UNIT_COUNTERS + u, pfns);
  const before = mappedMask(s);
  const fresh = countUp((s << SIDE_SHIFT) + (UNIT_MODE[u] as number), pfns);
  CHANGED[s] = (CHANGED[s] as number) | (fresh & ~before);
  // Two cache modes of one page are none of the flat engine's findings.
  if ((fresh & before) !== 0) giveUp();
};

/** Pages leave VMAs of a unit; those of `on` were mapped. The unit has been touched. */
export const drop = (s: number, u: number, pfns: number, on: number): void => {
  DROPPED[s] = (DROPPED[s] as number) | pfns;
  if (on !== 0) leave(s, UNIT_MODE[u] as number, on);
  if (on !== pfns) countDown((s << SIDE_SHIFT) + OFF, pfns & ~on);
  countDown(UNIT_COUNTERS + u, pfns);
  UNIT_REMOVED[u] = (UNIT_REMOVED[u] as number) | pfns;
};

/** A page that was mapped is in its VMA still, but off its pfn. */
export const takeOff = (s: number, u: number, pfn: number): void => {
  leave(s, UNIT_MODE[u] as number, 1 << pfn);
  countUp((s << SIDE_SHIFT) + OFF, 1 << pfn);
};

/** Mappings of pages with a mode end. */
const leave = (s: number, mode: number, pfns: number): void => {
  const gone = countDown((s << SIDE_SHIFT) + mode, pfns);
  CHANGED[s] = (CHANGED[s] as number) | (gone & ~mappedMask(s));
};
