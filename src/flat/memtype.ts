import { isNewMemtypeAllowed, type PageCacheMode, UC_MINUS, WB } from "../pat/cachemode.ts";
import { EINVAL, OK } from "./errno.ts";
import {
  CHANGE_CAME,
  CHANGE_COUNT,
  CHANGE_END,
  CHANGE_HOME,
  CHANGE_MODE,
  CHANGE_SHIFT,
  CHANGE_START,
  ENTRY_COUNT,
  ENTRY_END,
  ENTRY_MODE,
  ENTRY_SHIFT,
  ENTRY_START,
  giveUp,
  int,
  INVALID_COUNT,
  INVALID_END,
  INVALID_START,
  IS_VM_PAT,
  MOST_CHANGES,
  MOST_ENTRIES,
  REFUSED,
  WORLD,
  WORLD_WB,
} from "./memory.ts";

/** The cache mode that the last track() granted. */
export const GRANTED = new Int32Array(32);

/** Notes that a reservation came (1) or went (0). */
export const noteChange = (s: number, start: number, end: number, mode: number, came: number) => {
  const at = (s << CHANGE_SHIFT) + (CHANGE_COUNT[s] as number);
  CHANGE_START[at] = int(start);
  CHANGE_END[at] = int(end);
  CHANGE_MODE[at] = int(mode);
  CHANGE_CAME[at] = int(came);
  CHANGE_HOME[at] = -1;
  const count = (CHANGE_COUNT[s] as number) + 1;
  if (count === MOST_CHANGES) giveUp();
  else CHANGE_COUNT[s] = count;
};

/** Puts a reservation behind all that start where it does or before. */
const insert = (s: number, start: number, end: number, mode: number): void => {
  const base = s << ENTRY_SHIFT;
  const count = ENTRY_COUNT[s] as number;
  let at = base + count;
  for (; at > base && (ENTRY_START[at - 1] as number) > start; at--) {
    ENTRY_START[at] = ENTRY_START[at - 1] as number;
    ENTRY_END[at] = ENTRY_END[at - 1] as number;
    ENTRY_MODE[at] = ENTRY_MODE[at - 1] as number;
  }
  ENTRY_START[at] = int(start);
  ENTRY_END[at] = int(end);
  ENTRY_MODE[at] = int(mode);
  if (count + 1 === MOST_ENTRIES) giveUp();
  else ENTRY_COUNT[s] = count + 1;
  noteChange(s, start, end, mode, 1);
};

const remove = (s: number, at: number): void => {
  noteChange(s, ENTRY_START[at] as number, ENTRY_END[at] as number, ENTRY_MODE[at] as number, 0);
  const count = (ENTRY_COUNT[s] as number) - 1;
  ENTRY_COUNT[s] = count;
  const last = (s << ENTRY_SHIFT) + count;
  for (let to = at; to < last; to++) {
    ENTRY_START[to] = ENTRY_START[to + 1] as number;
    ENTRY_END[to] = ENTRY_END[to + 1] as number;
    ENTRY_MODE[to] = ENTRY_MODE[to + 1] as number;
  }
};

/**
 * reserve_pfn_range() or pfnmap_track() (MemtypeList.reserve() and PfnRanges.track() in few
 * words): the granted mode goes to GRANTED; EINVAL stands for every refusal.
 */
export const track = (
  s: number,
  start: number,
  end: number,
  wanted: number,
  strict: boolean,
): number => {
  let got = wanted === WB && WORLD[WORLD_WB] === 0 ? UC_MINUS : wanted;
  const base = s << ENTRY_SHIFT;
  const top = base + (ENTRY_COUNT[s] as number);
  let met = 0;
  for (let at = base; at < top && (ENTRY_START[at] as number) < end; at++) {
    if ((ENTRY_END[at] as number) <= start) continue;
    const mode = ENTRY_MODE[at] as number;
    if (met === 0) got = mode;
    else if (mode !== got) return refuse(s);
    met = 1;
  }
  GRANTED[0] = got;
  const allowed = !strict && isNewMemtypeAllowed(wanted as PageCacheMode, got as PageCacheMode);
  if (got !== wanted && !allowed) return takeBack(s, start, end, got);
  insert(s, start, end, got);
  return OK;
};

const refuse = (s: number): number => {
  REFUSED[s] = 1;
  return EINVAL;
};

/** A reservation that is given back at once, because its mode will not do. */
const takeBack = (s: number, start: number, end: number, mode: number): number => {
  insert(s, start, end, mode);
  untrack(s, start, end);
  return refuse(s);
};

/**
 * memtype_free(): an exact match goes; on the VM_PAT side else the first reservation that starts
 * earlier and ends there is cut back, and comes after its equals; else the kernel complains.
 */
export const untrack = (s: number, start: number, end: number): void => {
  const base = s << ENTRY_SHIFT;
  const top = base + (ENTRY_COUNT[s] as number);
  let byEnd = -1;
  for (let at = base; at < top; at++) {
    const first = ENTRY_START[at] as number;
    if (first > start) break;
    if (ENTRY_END[at] !== end) continue;
    if (first === start) return remove(s, at);
    if (byEnd < 0) byEnd = at;
  }
  if (byEnd >= 0 && IS_VM_PAT[s] === 1) return cutBack(s, byEnd, start);
  const count = INVALID_COUNT[s] as number;
  INVALID_START[(s << CHANGE_SHIFT) + count] = int(start);
  INVALID_END[(s << CHANGE_SHIFT) + count] = int(end);
  if (count + 1 === MOST_CHANGES) giveUp();
  else INVALID_COUNT[s] = count + 1;
};

const cutBack = (s: number, at: number, end: number): void => {
  const start = ENTRY_START[at] as number;
  const mode = ENTRY_MODE[at] as number;
  remove(s, at);
  insert(s, start, end, mode);
};
