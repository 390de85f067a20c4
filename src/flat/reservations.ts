import {
  CHANGED,
  HAS_NEW_SUSPECT,
  liveOf,
  mappedMask,
  UNCOVERED,
  UNIT_ENTRIES,
  UNIT_MARK,
  UNIT_RESERVED,
  UNIT_ROW,
} from "./ledger.ts";
import { countOf, ENTRY_SHIFT, giveUp, int, maskOf, MOST_ENTRIES } from "./memory.ts";

/** The oracle's copy of the memtype lists, by s * MOST_ENTRIES; rows are Reservations' rows. */
export const ROW_COUNT = new Int32Array(32);
export const ROW_PAGES = new Int32Array(2 * MOST_ENTRIES);
export const ROW_MODE = new Int32Array(2 * MOST_ENTRIES);
/** NOBODY for an entry that no mapping accounts for. */
export const ROW_OWNER = new Int32Array(2 * MOST_ENTRIES);
export const NOBODY = -1;
export const ROW_MARK = new Int32Array(2 * MOST_ENTRIES);
/** Bits: it leaked, it counts as kept, it may yet leak. */
export const ROW_FACTS = new Int32Array(2 * MOST_ENTRIES);
export const HAS_LEAKED = 1;
export const IS_COUNTED = 2;
export const IS_SUSPECT = 4;

/** The row behind the last one of a side. */
export const rowsEnd = (s: number): number => {
  return (s << ENTRY_SHIFT) + (ROW_COUNT[s] as number);
};

/** Whether nothing but chance would still free the entry. */
export const mayLeak = (r: number): boolean => {
  const owner = ROW_OWNER[r] as number;
  return owner === NOBODY || liveOf(owner) === 0 || UNIT_MARK[owner] !== 0;
};

export const addRow = (
  s: number,
  start: number,
  end: number,
  mode: number,
  owner: number,
  mark: number,
): void => {
  const r = rowsEnd(s);
  if (r + 1 === (s + 1) * MOST_ENTRIES) giveUp();
  else ROW_COUNT[s] = (ROW_COUNT[s] as number) + 1;
  const pages = maskOf(start, end);
  ROW_PAGES[r] = pages;
  ROW_MODE[r] = int(mode);
  ROW_OWNER[r] = int(owner);
  ROW_MARK[r] = int(mark);
  ROW_FACTS[r] = 0;
  if (owner !== NOBODY) {
    keep(s, pages);
    ROW_FACTS[r] = IS_COUNTED;
    UNIT_ROW[owner] = int(r);
    UNIT_ENTRIES[owner] = (UNIT_ENTRIES[owner] as number) + 1;
    UNIT_RESERVED[owner] = (UNIT_RESERVED[owner] as number) + end - start;
  }
  if (mayLeak(r)) suspectRow(s, r);
};

/** An entry over these pages is about to count as kept. */
const keep = (s: number, pages: number): void => {
  const idle = pages & ~mappedMask(s);
  if (idle !== 0) CHANGED[s] = (CHANGED[s] as number) | (idle & ~keptMask(s));
};

/** Pages that a reservation covers. */
export const coverMask = (s: number): number => {
  let pages = 0;
  const top = rowsEnd(s);
  for (let r = s << ENTRY_SHIFT; r < top; r++) pages |= ROW_PAGES[r] as number;
  return pages;
};

/** Pages that a reservation covers which counts as kept. */
export const keptMask = (s: number): number => {
  let pages = 0;
  const top = rowsEnd(s);
  for (let r = s << ENTRY_SHIFT; r < top; r++) {
    if (((ROW_FACTS[r] as number) & IS_COUNTED) !== 0) pages |= ROW_PAGES[r] as number;
  }
  return pages;
};

/** The last row takes the place of the one that goes. */
export const removeRow = (s: number, r: number): void => {
  const pages = ROW_PAGES[r] as number;
  UNCOVERED[s] = (UNCOVERED[s] as number) | pages;
  const owner = ROW_OWNER[r] as number;
  if (owner !== NOBODY) {
    UNIT_ENTRIES[owner] = (UNIT_ENTRIES[owner] as number) - 1;
    UNIT_RESERVED[owner] = (UNIT_RESERVED[owner] as number) - countOf(pages);
  }
  moveLast(s, r);
  if (owner !== NOBODY) findRow(s, owner);
};

/** The last row takes this place. */
const moveLast = (s: number, r: number): void => {
  const last = rowsEnd(s) - 1;
  ROW_COUNT[s] = (ROW_COUNT[s] as number) - 1;
  if (last === r) return;
  ROW_PAGES[r] = ROW_PAGES[last] as number;
  ROW_MODE[r] = ROW_MODE[last] as number;
  ROW_OWNER[r] = ROW_OWNER[last] as number;
  ROW_MARK[r] = ROW_MARK[last] as number;
  ROW_FACTS[r] = ROW_FACTS[last] as number;
  const owner = ROW_OWNER[r] as number;
  if (owner !== NOBODY) UNIT_ROW[owner] = int(r);
};

/** Narrows an entry to [start, end), which lies inside it. */
export const resizeRow = (s: number, r: number, start: number, end: number): void => {
  const left = maskOf(start, end);
  const gone = (ROW_PAGES[r] as number) & ~left;
  UNCOVERED[s] = (UNCOVERED[s] as number) | gone;
  const owner = ROW_OWNER[r] as number;
  if (owner !== NOBODY) {
    UNIT_RESERVED[owner] = (UNIT_RESERVED[owner] as number) - countOf(gone);
  }
  ROW_PAGES[r] = left;
  if (((ROW_FACTS[r] as number) & IS_SUSPECT) !== 0) HAS_NEW_SUSPECT[s] = 1;
};

/** Gives an entry to another unit. */
export const handRow = (s: number, r: number, owner: number): void => {
  const pages = countOf(ROW_PAGES[r] as number);
  const old = ROW_OWNER[r] as number;
  if (old !== NOBODY) {
    UNIT_ENTRIES[old] = (UNIT_ENTRIES[old] as number) - 1;
    UNIT_RESERVED[old] = (UNIT_RESERVED[old] as number) - pages;
  }
  ROW_OWNER[r] = owner;
  UNIT_ROW[owner] = int(r);
  if (old !== NOBODY) findRow(s, old);
  UNIT_ENTRIES[owner] = (UNIT_ENTRIES[owner] as number) + 1;
  UNIT_RESERVED[owner] = (UNIT_RESERVED[owner] as number) + pages;
  ROW_FACTS[r] = (ROW_FACTS[r] as number) & ~HAS_LEAKED;
  if (mayLeak(r)) suspectRow(s, r);
  if (((ROW_FACTS[r] as number) & IS_COUNTED) !== 0) return;
  keep(s, ROW_PAGES[r] as number);
  ROW_FACTS[r] = (ROW_FACTS[r] as number) | IS_COUNTED;
};

/** The entry no longer counts as kept by the design: its unit is dead, or it leaked. */
export const uncountRow = (r: number): void => {
  ROW_FACTS[r] = (ROW_FACTS[r] as number) & ~IS_COUNTED;
};

const suspectRow = (s: number, r: number): void => {
  HAS_NEW_SUSPECT[s] = 1;
  const facts = ROW_FACTS[r] as number;
  if ((facts & HAS_LEAKED) === 0) ROW_FACTS[r] = facts | IS_SUSPECT;
};

/** The entries of a unit that has died or become inexact are to be looked at from now on. */
export const suspectUnit = (s: number, u: number): void => {
  if (UNIT_ENTRIES[u] === 1) return suspectRow(s, UNIT_ROW[u] as number);
  const top = rowsEnd(s);
  for (let r = s << ENTRY_SHIFT; r < top; r++) if (ROW_OWNER[r] === u) suspectRow(s, r);
};

/** What a dead unit left behind is no longer kept by design. */
export const uncountUnit = (s: number, u: number): void => {
  const top = rowsEnd(s);
  for (let r = s << ENTRY_SHIFT; r < top; r++) if (ROW_OWNER[r] === u) uncountRow(r);
};

/** Looks for the entry of a unit that has lost another; it matters where one is left. */
const findRow = (s: number, u: number): void => {
  if (UNIT_ENTRIES[u] !== 1) return;
  const top = rowsEnd(s);
  for (let r = s << ENTRY_SHIFT; r < top; r++) if (ROW_OWNER[r] === u) UNIT_ROW[u] = r;
};
