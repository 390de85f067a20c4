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
import { MOST_UNITS } from "./counters.ts";
import { causeOfOp } from "./findings.ts";
import { isTouched, liveOf, TOUCHED, TOUCHED_COUNT, UNIT_ENTRIES, UNIT_MARK } from "./ledger.ts";
import { deviates, markUnit } from "./marking.ts";
import {
  CHANGE_CAME,
  CHANGE_COUNT,
  CHANGE_END,
  CHANGE_HOME,
  CHANGE_MODE,
  CHANGE_START,
  countOf,
  highestOf,
  lowestOf,
  maskOf,
  MOST_CHANGES,
  MOST_ENTRIES,
} from "./memory.ts";
import { noteChange } from "./memtype.ts";
import {
  addRow,
  handRow,
  NOBODY,
  removeRow,
  resizeRow,
  ROW_END,
  ROW_MODE,
  ROW_OWNER,
  ROW_START,
  rowOf,
  rowsEnd,
  suspectUnit,
} from "./reservations.ts";
import { judgeShrink, reportWrongOwner } from "./wrongowner.ts";

/** `came` of a value that went, while it is matched with an entry. */
const MATCHED = 3;

/** Every change finds its owner, and every unit touched is marked with what made it inexact. */
export function settle(s: number): void {
  const changes = CHANGE_COUNT[s] as number;
  const touched = TOUCHED_COUNT[s] as number;
  const base = s * MOST_CHANGES;
  if (touched === 0 && (changes === 0 || (changes === 1 && CHANGE_CAME[base] === USED))) return;
  if (settleFinished(s, changes, touched)) return;
  if (changes > 0) settleChanges(s);
  const units = s * MOST_UNITS;
  for (let at = units; at < units + touched; at++) exchange(s, TOUCHED[at] as number, touched);
  for (let at = units; at < units + touched; at++) {
    const u = TOUCHED[at] as number;
    markUnit(s, u);
    if (liveOf(u) === 0 || UNIT_MARK[u] !== NO_CAUSE) suspectUnit(s, u);
  }
}

function settleChanges(s: number): void {
  restoreCancelled(s);
  pairChanges(s);
  const base = s * MOST_CHANGES;
  const top = base + (CHANGE_COUNT[s] as number);
  for (let at = base; at < top; at++) if (CHANGE_CAME[at] === 0) settleRemoved(s, at, top);
  for (let at = base; at < top; at++) {
    if (CHANGE_CAME[at] !== 1) continue;
    const [start, end] = [CHANGE_START[at] as number, CHANGE_END[at] as number];
    addRow(s, start, end, CHANGE_MODE[at] as number, NOBODY, causeOfOp());
  }
}

/** The commonest change by far: exact mappings went entirely, and their entries with them. */
function settleFinished(s: number, changes: number, touched: number): boolean {
  if (changes !== touched) return false;
  const units = s * MOST_UNITS;
  const base = s * MOST_CHANGES;
  let matched = 0;
  for (; matched < touched; matched++) {
    const u = TOUCHED[units + matched] as number;
    if (UNIT_ENTRIES[u] !== 1 || !isFinished(s, u)) break;
    if (!claimRemoval(base, changes, rowOf(s, u))) break;
  }
  for (let at = base; at < base + changes; at++) {
    if (CHANGE_CAME[at] === MATCHED) CHANGE_CAME[at] = 0;
  }
  if (matched < touched) return false;
  for (let at = base; at < base + changes; at++) {
    const [start, end] = [CHANGE_START[at] as number, CHANGE_END[at] as number];
    const r = findEntry(s, start, end, CHANGE_MODE[at] as number, false);
    if (r >= 0) removeRow(s, r);
  }
  return true;
}

/** Marks one of the values that went and equal the entry's, if any is left. */
function claimRemoval(base: number, changes: number, r: number): boolean {
  for (let at = base; at < base + changes; at++) {
    if (CHANGE_CAME[at] !== 0 || CHANGE_START[at] !== ROW_START[r]) continue;
    if (CHANGE_END[at] !== ROW_END[r] || CHANGE_MODE[at] !== ROW_MODE[r]) continue;
    CHANGE_CAME[at] = MATCHED;
    return true;
  }
  return false;
}

/** Two changes of one value that cancelled, and that only a longer entry's going shows. */
function restoreCancelled(s: number): void {
  const units = s * MOST_UNITS;
  const touched = TOUCHED_COUNT[s] as number;
  for (let at = 0; at < touched; at++) {
    const u = TOUCHED[units + at] as number;
    if (UNIT_ENTRIES[u] !== 1 || !isFinished(s, u)) continue;
    const r = rowOf(s, u);
    const [start, end] = [ROW_START[r] as number, ROW_END[r] as number];
    const mode = ROW_MODE[r] as number;
    if (!hasLonger(s, start, end, mode)) continue;
    if (countWent(s, start, end, mode) > countEqualFinished(s, at, start, end)) continue;
    noteChange(s, start, end, mode, 0);
    noteChange(s, start, end, mode, 1);
  }
}

/** Whether an entry went that has this start and mode but a later end. */
function hasLonger(s: number, start: number, end: number, mode: number): boolean {
  const base = s * MOST_CHANGES;
  const top = base + (CHANGE_COUNT[s] as number);
  for (let at = base; at < top; at++) {
    const alike = CHANGE_CAME[at] === 0 && CHANGE_START[at] === start && CHANGE_MODE[at] === mode;
    if (alike && (CHANGE_END[at] as number) > end) return true;
  }
  return false;
}

function countWent(s: number, start: number, end: number, mode: number): number {
  const base = s * MOST_CHANGES;
  const top = base + (CHANGE_COUNT[s] as number);
  let count = 0;
  for (let at = base; at < top; at++) {
    const alike = CHANGE_CAME[at] === 0 && CHANGE_START[at] === start && CHANGE_MODE[at] === mode;
    if (alike && CHANGE_END[at] === end) count++;
  }
  return count;
}

/** How many units before this one in the step's list have gone and had an equal entry. */
function countEqualFinished(s: number, before: number, start: number, end: number): number {
  let count = 0;
  for (let at = 0; at < before; at++) {
    const u = TOUCHED[s * MOST_UNITS + at] as number;
    if (UNIT_ENTRIES[u] !== 1 || !isFinished(s, u)) continue;
    const r = rowOf(s, u);
    if (ROW_START[r] === start && ROW_END[r] === end) count++;
  }
  return count;
}

/** One value that went: its entry was freed, or narrowed to entries that came inside it. */
function settleRemoved(s: number, at: number, top: number): void {
  const [start, end] = [CHANGE_START[at] as number, CHANGE_END[at] as number];
  const mode = CHANGE_MODE[at] as number;
  const left = nextPiece(s * MOST_CHANGES, top, at);
  const r = findEntry(s, start, end, mode, left >= 0);
  if (r < 0) throw new Error(`flat: reservation [${start}, ${end}) went but was never there`);
  const owner = ROW_OWNER[r] as number;
  if (left < 0) {
    const range = maskOf(start, end);
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
}

/** The first from `from` on that value `at` became, or -1. */
function nextPiece(from: number, top: number, at: number): number {
  for (let other = from; other < top; other++) {
    if (CHANGE_CAME[other] === 1 && CHANGE_HOME[other] === at) return other;
  }
  return -1;
}

/** Whether an entry that was freed was not its own mapping's to free. */
function isRobbed(s: number, owner: number, range: number): boolean {
  if (ownerRank(s, owner) >= DEAD) return true;
  return liveOf(owner) !== 0 && findUntracker(s, owner, range) >= 0;
}

/** A unit that lives on and does not fit its entry takes one that fits from a unit that is gone. */
function exchange(s: number, u: number, touched: number): void {
  const live = liveOf(u);
  if (live === 0 || (UNIT_ENTRIES[u] as number) > 1) return;
  if (touched < 2 || !deviates(s, u)) return;
  const low = lowestOf(live);
  const high = highestOf(live) + 1;
  if (countOf(live) !== high - low) return;
  let fitting = -1;
  const top = rowsEnd(s);
  for (let r = s * MOST_ENTRIES; r < top; r++) {
    if (ROW_START[r] !== low || ROW_END[r] !== high) continue;
    const owner = ROW_OWNER[r] as number;
    if (owner !== NOBODY && isTouched(s, owner) && liveOf(owner) === 0) fitting = r;
  }
  if (fitting < 0) return;
  const own = UNIT_ENTRIES[u] === 0 ? -1 : rowOf(s, u);
  const other = ROW_OWNER[fitting] as number;
  handRow(s, fitting, u);
  if (own >= 0) handRow(s, own, other);
}
