import { countDown, countUp } from "./counters.ts";
import {
  BARED,
  CHANGED,
  COVER,
  HAS_NEW_SUSPECT,
  KEPT,
  liveOf,
  mappedMask,
  UNIT_ENTRIES,
  UNIT_MARK,
  UNIT_RESERVED,
} from "./ledger.ts";
import { giveUp, maskOf, MOST_ENTRIES } from "./memory.ts";

/** The oracle's copy of the memtype lists, by s * MOST_ENTRIES; rows are Reservations' rows. */
export const ROW_COUNT = new Int32Array(32);
export const ROW_START = new Int32Array(2 * MOST_ENTRIES);
export const ROW_END = new Int32Array(2 * MOST_ENTRIES);
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
export function rowsEnd(s: number): number {
  return s * MOST_ENTRIES + (ROW_COUNT[s] as number);
}

/** Whether nothing but chance would still free the entry. */
export function mayLeak(r: number): boolean {
  const owner = ROW_OWNER[r] as number;
  return owner === NOBODY || liveOf(owner) === 0 || UNIT_MARK[owner] !== 0;
}

export function addRow(
  s: number,
  start: number,
  end: number,
  mode: number,
  owner: number,
  mark: number,
): void {
  const r = rowsEnd(s);
  if (r + 1 === (s + 1) * MOST_ENTRIES) giveUp();
  else ROW_COUNT[s] = (ROW_COUNT[s] as number) + 1;
  ROW_START[r] = start;
  ROW_END[r] = end;
  ROW_MODE[r] = mode;
  ROW_OWNER[r] = owner;
  ROW_MARK[r] = mark;
  const pages = maskOf(start, end);
  countUp(s * 8 + COVER, pages);
  if (owner === NOBODY) {
    ROW_FACTS[r] = 0;
  } else {
    ROW_FACTS[r] = IS_COUNTED;
    keep(s, pages);
    UNIT_ENTRIES[owner] = (UNIT_ENTRIES[owner] as number) + 1;
    UNIT_RESERVED[owner] = (UNIT_RESERVED[owner] as number) + end - start;
  }
  if (mayLeak(r)) suspectRow(s, r);
}

function keep(s: number, pages: number): void {
  const fresh = countUp(s * 8 + KEPT, pages);
  CHANGED[s] = (CHANGED[s] as number) | (fresh & ~mappedMask(s));
}

/** The last row takes the place of the one that goes. */
export function removeRow(s: number, r: number): void {
  const start = ROW_START[r] as number;
  const end = ROW_END[r] as number;
  uncover(s, r, maskOf(start, end));
  const owner = ROW_OWNER[r] as number;
  if (owner !== NOBODY) {
    UNIT_ENTRIES[owner] = (UNIT_ENTRIES[owner] as number) - 1;
    UNIT_RESERVED[owner] = (UNIT_RESERVED[owner] as number) - (end - start);
  }
  const last = rowsEnd(s) - 1;
  ROW_COUNT[s] = (ROW_COUNT[s] as number) - 1;
  if (last === r) return;
  ROW_START[r] = ROW_START[last] as number;
  ROW_END[r] = ROW_END[last] as number;
  ROW_MODE[r] = ROW_MODE[last] as number;
  ROW_OWNER[r] = ROW_OWNER[last] as number;
  ROW_MARK[r] = ROW_MARK[last] as number;
  ROW_FACTS[r] = ROW_FACTS[last] as number;
}

function uncover(s: number, r: number, pages: number): void {
  if (pages === 0) return;
  if (((ROW_FACTS[r] as number) & IS_COUNTED) !== 0) countDown(s * 8 + KEPT, pages);
  BARED[s] = (BARED[s] as number) | countDown(s * 8 + COVER, pages);
}

/** Narrows an entry to [start, end), which lies inside it. */
export function resizeRow(s: number, r: number, start: number, end: number): void {
  const [wasStart, wasEnd] = [ROW_START[r] as number, ROW_END[r] as number];
  uncover(s, r, maskOf(wasStart, start) | maskOf(end, wasEnd));
  const owner = ROW_OWNER[r] as number;
  if (owner !== NOBODY) {
    const less = end - start - (wasEnd - wasStart);
    UNIT_RESERVED[owner] = (UNIT_RESERVED[owner] as number) + less;
  }
  ROW_START[r] = start;
  ROW_END[r] = end;
  if (((ROW_FACTS[r] as number) & IS_SUSPECT) !== 0) HAS_NEW_SUSPECT[s] = 1;
}

/** Gives an entry to another unit. */
export function handRow(s: number, r: number, owner: number): void {
  const pages = (ROW_END[r] as number) - (ROW_START[r] as number);
  const old = ROW_OWNER[r] as number;
  if (old !== NOBODY) {
    UNIT_ENTRIES[old] = (UNIT_ENTRIES[old] as number) - 1;
    UNIT_RESERVED[old] = (UNIT_RESERVED[old] as number) - pages;
  }
  ROW_OWNER[r] = owner;
  UNIT_ENTRIES[owner] = (UNIT_ENTRIES[owner] as number) + 1;
  UNIT_RESERVED[owner] = (UNIT_RESERVED[owner] as number) + pages;
  ROW_FACTS[r] = (ROW_FACTS[r] as number) & ~HAS_LEAKED;
  if (mayLeak(r)) suspectRow(s, r);
  if (((ROW_FACTS[r] as number) & IS_COUNTED) !== 0) return;
  ROW_FACTS[r] = (ROW_FACTS[r] as number) | IS_COUNTED;
  keep(s, maskOf(ROW_START[r] as number, ROW_END[r] as number));
}

/** The entry no longer counts as kept by the design: its unit is dead, or it leaked. */
export function uncountRow(s: number, r: number): void {
  const facts = ROW_FACTS[r] as number;
  if ((facts & IS_COUNTED) === 0) return;
  ROW_FACTS[r] = facts & ~IS_COUNTED;
  countDown(s * 8 + KEPT, maskOf(ROW_START[r] as number, ROW_END[r] as number));
}

function suspectRow(s: number, r: number): void {
  HAS_NEW_SUSPECT[s] = 1;
  const facts = ROW_FACTS[r] as number;
  if ((facts & HAS_LEAKED) === 0) ROW_FACTS[r] = facts | IS_SUSPECT;
}

/** The entries of a unit that has died or become inexact are to be looked at from now on. */
export function suspectUnit(s: number, u: number): void {
  const top = rowsEnd(s);
  for (let r = s * MOST_ENTRIES; r < top; r++) if (ROW_OWNER[r] === u) suspectRow(s, r);
}

/** What a dead unit left behind is no longer kept by design. */
export function uncountUnit(s: number, u: number): void {
  const top = rowsEnd(s);
  for (let r = s * MOST_ENTRIES; r < top; r++) if (ROW_OWNER[r] === u) uncountRow(s, r);
}

/** The entry of a unit that has one, or -1. */
export function rowOf(s: number, u: number): number {
  const top = rowsEnd(s);
  for (let r = s * MOST_ENTRIES; r < top; r++) if (ROW_OWNER[r] === u) return r;
  return -1;
}
