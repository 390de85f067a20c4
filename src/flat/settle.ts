/** Brings the reservations to the state after the step: src/oracle/settle.ts on the flat ledger. */
import { EQUAL_MATCH, NO_CAUSE } from "../oracle/causes.ts";
import {
  DEAD,
  findEntry,
  findUntracker,
  isFinished,
  ownerRank,
  pairChanges,
  USED,
} from "./attribution.ts";
import { UNIT_SHIFT } from "./counters.ts";
import { causeOfOp } from "./findings.ts";
import {
  isTouched,
  liveOf,
  TOUCHED,
  TOUCHED_COUNT,
  UNIT_ENTRIES,
  UNIT_MARK,
  UNIT_ROW,
} from "./ledger.ts";
import { deviates, markUnit } from "./marking.ts";
import {
  CHANGE_CAME,
  CHANGE_COUNT,
  CHANGE_END,
  CHANGE_HOME,
  CHANGE_MODE,
  CHANGE_SHIFT,
  CHANGE_START,
  countOf,
  giveUp,
  ENTRY_SHIFT,
  highestOf,
  lowestOf,
  maskOf,
} from "./memory.ts";
import { noteChange } from "./memtype.ts";
import {
  addRow,
  handRow,
  NOBODY,
  removeRow,
  resizeRow,
  ROW_MODE,
  ROW_OWNER,
  ROW_PAGES,
  rowsEnd,
  suspectUnit,
} from "./reservations.ts";
import { judgeShrink, reportWrongOwner } from "./wrongowner.ts";

/** `came` of a value that went, while it is matched with an entry. */
const MATCHED = 3;

/** Every change finds its owner, and every unit touched is marked with what made it inexact. */
export const settle = (s: number): void => {
  const changes = CHANGE_COUNT[s] as number;
  const touched = TOUCHED_COUNT[s] as number;
  const base = s << CHANGE_SHIFT;
  if (touched === 0 && (changes === 0 || (changes === 1 && CHANGE_CAME[base] === USED))) return;
  if (settleFinished(s, changes, touched)) return;
  if (changes > 0) settleChanges(s);
  const units = s << UNIT_SHIFT;
  for (let at = units; at < units + touched; at++) exchange(s, TOUCHED[at] as number, touched);
  for (let at = units; at < units + touched; at++) {
    const u = TOUCHED[at] as number;
    markUnit(s, u);
    const isInexact = liveOf(u) === 0 || UNIT_MARK[u] !== NO_CAUSE;
    if (isInexact && UNIT_ENTRIES[u] !== 0) suspectUnit(s, u);
  }
};

/** The pages of a reservation that came or went. */
const changedPages = (at: number): number => {
  return maskOf(CHANGE_START[at] as number, CHANGE_END[at] as number);
};

const settleChanges = (s: number): void => {
  restoreCancelled(s);
  pairChanges(s);
  const base = s << CHANGE_SHIFT;
  const top = base + (CHANGE_COUNT[s] as number);
  for (let at = base; at < top; at++) if (CHANGE_CAME[at] === 0) settleRemoved(s, at, top);
  for (let at = base; at < top; at++) {
    if (CHANGE_CAME[at] !== 1) continue;
    const [start, end] = [CHANGE_START[at] as number, CHANGE_END[at] as number];
    addRow(s, start, end, CHANGE_MODE[at] as number, NOBODY, causeOfOp());
  }
};

/**
 * The commonest change by far: exact mappings went entirely, and their entries with them. What has
 * found its owner already changes nothing of that.
 */
const settleFinished = (s: number, changes: number, touched: number): boolean => {
  const units = s << UNIT_SHIFT;
  const base = s << CHANGE_SHIFT;
  let claimed = 0;
  for (let at = base; at < base + changes; at++) if (CHANGE_CAME[at] === USED) claimed++;
  if (changes - claimed !== touched) return false;
  let matched = 0;
  for (; matched < touched; matched++) {
    const u = TOUCHED[units + matched] as number;
    if (UNIT_ENTRIES[u] !== 1 || !isFinished(s, u)) break;
    if (!claimRemoval(base, changes, UNIT_ROW[u] as number)) break;
  }
  for (let at = base; at < base + changes; at++) {
    if (CHANGE_CAME[at] === MATCHED) CHANGE_CAME[at] = 0;
  }
  if (matched < touched) return false;
  for (let at = base; at < base + changes; at++) {
    if (CHANGE_CAME[at] === USED) continue;
    const r = findEntry(s, changedPages(at), CHANGE_MODE[at] as number, false);
    if (r >= 0) removeRow(s, r);
  }
  return true;
};

/** Marks one of the values that went and equal the entry's, if any is left. */
const claimRemoval = (base: number, changes: number, r: number): boolean => {
  for (let at = base; at < base + changes; at++) {
    if (CHANGE_CAME[at] !== 0 || changedPages(at) !== ROW_PAGES[r]) continue;
    if (CHANGE_MODE[at] !== ROW_MODE[r]) continue;
    CHANGE_CAME[at] = MATCHED;
    return true;
  }
  return false;
};

/** Two changes of one value that cancelled, and that only a longer entry's going shows. */
const restoreCancelled = (s: number): void => {
  const units = s << UNIT_SHIFT;
  const touched = TOUCHED_COUNT[s] as number;
  for (let at = 0; at < touched; at++) {
    const u = TOUCHED[units + at] as number;
    if (UNIT_ENTRIES[u] !== 1 || !isFinished(s, u)) continue;
    const r = UNIT_ROW[u] as number;
    const pages = ROW_PAGES[r] as number;
    const mode = ROW_MODE[r] as number;
    const [start, end] = [lowestOf(pages), highestOf(pages) + 1];
    if (!hasLonger(s, start, end, mode)) continue;
    if (countWent(s, start, end, mode) > countEqualFinished(s, at, pages)) continue;
    noteChange(s, start, end, mode, 0);
    noteChange(s, start, end, mode, 1);
  }
};

/** Whether an entry went that has this start and mode but a later end. */
const hasLonger = (s: number, start: number, end: number, mode: number): boolean => {
  const base = s << CHANGE_SHIFT;
  const top = base + (CHANGE_COUNT[s] as number);
  for (let at = base; at < top; at++) {
    const alike = CHANGE_CAME[at] === 0 && CHANGE_START[at] === start && CHANGE_MODE[at] === mode;
    if (alike && (CHANGE_END[at] as number) > end) return true;
  }
  return false;
};

const countWent = (s: number, start: number, end: number, mode: number): number => {
  const base = s << CHANGE_SHIFT;
  const top = base + (CHANGE_COUNT[s] as number);
  let count = 0;
  for (let at = base; at < top; at++) {
    const alike = CHANGE_CAME[at] === 0 && CHANGE_START[at] === start && CHANGE_MODE[at] === mode;
    if (alike && CHANGE_END[at] === end) count++;
  }
  return count;
};

/** How many units before this one in the step's list have gone and had an equal entry. */
const countEqualFinished = (s: number, before: number, pages: number): number => {
  let count = 0;
  for (let at = 0; at < before; at++) {
    const u = TOUCHED[(s << UNIT_SHIFT) + at] as number;
    if (UNIT_ENTRIES[u] !== 1 || !isFinished(s, u)) continue;
    if (ROW_PAGES[UNIT_ROW[u] as number] === pages) count++;
  }
  return count;
};

/** One value that went: its entry was freed, or narrowed to entries that came inside it. */
const settleRemoved = (s: number, at: number, top: number): void => {
  const [start, end] = [CHANGE_START[at] as number, CHANGE_END[at] as number];
  const mode = CHANGE_MODE[at] as number;
  const left = nextPiece(s << CHANGE_SHIFT, top, at);
  const range = changedPages(at);
  const r = findEntry(s, range, mode, left >= 0);
  // The readable path then says that it was never there.
  if (r < 0) return giveUp();
  const owner = ROW_OWNER[r] as number;
  if (left < 0) {
    if (owner !== NOBODY && isRobbed(s, owner, range)) {
      reportWrongOwner(s, owner, range, EQUAL_MATCH);
    }
    return removeRow(s, r);
  }
  const newEnd = CHANGE_END[left] as number;
  let coveredTo = newEnd;
  CHANGE_CAME[left] = USED;
  for (let more = nextPiece(left + 1, top, at); more >= 0; more = nextPiece(more + 1, top, at)) {
    CHANGE_CAME[more] = USED;
    addRow(s, CHANGE_START[more] as number, CHANGE_END[more] as number, mode, owner, NO_CAUSE);
    coveredTo = Math.max(coveredTo, CHANGE_END[more] as number);
  }
  if (coveredTo < end && CHANGE_START[left] === start) judgeShrink(s, owner, newEnd, end);
  resizeRow(s, r, CHANGE_START[left] as number, newEnd);
};

/** The first from `from` on that value `at` became, or -1. */
const nextPiece = (from: number, top: number, at: number): number => {
  for (let other = from; other < top; other++) {
    if (CHANGE_CAME[other] === 1 && CHANGE_HOME[other] === at) return other;
  }
  return -1;
};

/** Whether an entry that was freed was not its own mapping's to free. */
const isRobbed = (s: number, owner: number, range: number): boolean => {
  if (ownerRank(s, owner) >= DEAD) return true;
  return liveOf(owner) !== 0 && findUntracker(s, owner, range) >= 0;
};

/** A unit that lives on and does not fit its entry takes one that fits from a unit that is gone. */
const exchange = (s: number, u: number, touched: number): void => {
  const live = liveOf(u);
  if (live === 0 || (UNIT_ENTRIES[u] as number) > 1) return;
  if (touched < 2 || !deviates(u)) return;
  if (countOf(live) !== highestOf(live) + 1 - lowestOf(live)) return;
  let fitting = -1;
  const top = rowsEnd(s);
  for (let r = s << ENTRY_SHIFT; r < top; r++) {
    if (ROW_PAGES[r] !== live) continue;
    const owner = ROW_OWNER[r] as number;
    if (owner !== NOBODY && isTouched(s, owner) && liveOf(owner) === 0) fitting = r;
  }
  if (fitting < 0) return;
  const own = UNIT_ENTRIES[u] === 0 ? -1 : (UNIT_ROW[u] as number);
  const other = ROW_OWNER[fitting] as number;
  handRow(s, fitting, u);
  if (own >= 0) handRow(s, own, other);
};
