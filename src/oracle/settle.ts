import {
  DEAD,
  findEntry,
  findUntracker,
  isCrossed,
  isFinished,
  isTouched,
  ownerRank,
} from "./attribution.ts";
import {
  type CauseId,
  END_MATCH,
  EQUAL_MATCH,
  HEAD,
  MIDDLE,
  NO_CAUSE,
  removalCause,
  SPLIT,
  TAIL,
  WHOLE,
} from "./causes.ts";
import { reportWrongOwner } from "./checks/wrong-owner.ts";
import { type MemtypeDelta, USED } from "./observed.ts";
import { pairChanges } from "./pairing.ts";
import type { SideState } from "./state.ts";

/**
 * Brings the reservations to the state after the step: every change finds its owner, and every
 * unit that the op touched is marked with the first thing that made its reservation inexact.
 */
export function settle(side: SideState, delta: MemtypeDelta): void {
  if (delta.count > 0) {
    restoreCancelled(side, delta);
    pairChanges(side, delta);
  }
  for (let at = 0; at < delta.count; at++) {
    if (delta.came[at] === 0) settleRemoved(side, delta, at);
  }
  for (let at = 0; at < delta.count; at++) {
    if (delta.came[at] !== 1) continue;
    const [start, end] = [delta.start[at] as number, delta.end[at] as number];
    side.reservations.add(start, end, delta.type[at] as number, 0, side.cause);
  }
  const { units } = side;
  for (let at = 0; at < units.touchedCount; at++) exchange(side, units.touched[at] as number);
  for (let at = 0; at < units.touchedCount; at++) {
    const unit = units.touched[at] as number;
    markUnit(side, unit);
    if (units.live[unit] === 0 || units.mark[unit] !== NO_CAUSE) {
      side.reservations.suspectUnit(unit);
    }
  }
}

/**
 * A unit that was exact and went entirely has freed its entry. If an equal one is still there,
 * and a longer one with the same start went, then the longer one was cut to that length: both
 * changes happened, and only their sum does not show it.
 */
function restoreCancelled(side: SideState, delta: MemtypeDelta): void {
  const { units, reservations } = side;
  for (let at = 0; at < units.touchedCount; at++) {
    const unit = units.touched[at] as number;
    if (!isFinished(side, unit) || units.entries[unit] !== 1) continue;
    const row = reservations.byOwner.first(unit);
    const start = reservations.start[row] as number;
    const end = reservations.end[row] as number;
    const type = reservations.type[row] as number;
    if (!hasLonger(delta, start, end, type)) continue;
    if (countWent(delta, start, end, type) > countEqualFinished(side, at, start, end)) continue;
    delta.remove(start, end, type);
    delta.add(start, end, type);
  }
}

/** Whether an entry went that has this start and type but a later end. */
function hasLonger(delta: MemtypeDelta, start: number, end: number, type: number): boolean {
  for (let at = 0; at < delta.count; at++) {
    const alike = delta.came[at] === 0 && delta.start[at] === start && delta.type[at] === type;
    if (alike && (delta.end[at] as number) > end) return true;
  }
  return false;
}

function countWent(delta: MemtypeDelta, start: number, end: number, type: number): number {
  let count = 0;
  for (let at = 0; at < delta.count; at++) {
    const alike = delta.start[at] === start && delta.end[at] === end && delta.type[at] === type;
    if (alike && delta.came[at] === 0) count++;
  }
  return count;
}

/** How many units before this one in the step's list have gone and had an equal entry. */
function countEqualFinished(side: SideState, before: number, start: number, end: number): number {
  const { units, reservations } = side;
  let count = 0;
  for (let at = 0; at < before; at++) {
    const unit = units.touched[at] as number;
    if (!isFinished(side, unit) || units.entries[unit] !== 1) continue;
    const row = reservations.byOwner.first(unit);
    if (reservations.start[row] === start && reservations.end[row] === end) count++;
  }
  return count;
}

/** One value that went: its entry was freed, or narrowed to entries that came inside it. */
function settleRemoved(side: SideState, delta: MemtypeDelta, at: number): void {
  const { reservations } = side;
  const start = delta.start[at] as number;
  const end = delta.end[at] as number;
  const type = delta.type[at] as number;
  const left = firstPiece(delta, at);
  const row = findEntry(side, start, end, type, left >= 0);
  if (row < 0) throw new Error(`oracle: reservation [${start}, ${end}) went but was never there`);
  const owner = reservations.owner[row] as number;
  if (left < 0) {
    if (isRobbed(side, owner, start, end)) {
      reportWrongOwner(side, owner, start, end, EQUAL_MATCH);
    }
    reservations.remove(row);
    return;
  }
  delta.came[left] = USED;
  let coveredTo = delta.end[left] as number;
  for (let more = left + 1; more < delta.count; more++) {
    if (delta.came[more] !== 1 || delta.home[more] !== at) continue;
    delta.came[more] = USED;
    reservations.add(delta.start[more] as number, delta.end[more] as number, type, owner, NO_CAUSE);
    coveredTo = Math.max(coveredTo, delta.end[more] as number);
  }
  const newEnd = delta.end[left] as number;
  if (coveredTo < end && delta.start[left] === start) judgeShrink(side, owner, newEnd, end);
  reservations.resize(row, delta.start[left] as number, newEnd);
}

/**
 * Whether an entry that was freed was not its own mapping's to free: that did nothing in this
 * step, or it lives on and another one let go of pages there.
 */
function isRobbed(side: SideState, owner: number, start: number, end: number): boolean {
  if (owner === 0) return false;
  if (ownerRank(side, owner) >= DEAD) return true;
  return (side.units.live[owner] as number) > 0 && findUntracker(side, owner, start, end) !== 0;
}

/** The first entry that value `at` became, or -1. */
function firstPiece(delta: MemtypeDelta, at: number): number {
  for (let other = 0; other < delta.count; other++) {
    if (delta.came[other] === 1 && delta.home[other] === at) return other;
  }
  return -1;
}

/**
 * An entry was cut at the end. That is its own mapping's doing only if that mapping lost those
 * pages in this step; and the entry of an exact one that went entirely would have been freed.
 */
function judgeShrink(side: SideState, owner: number, newEnd: number, end: number): void {
  const { units } = side;
  side.cutByEnd = true;
  if (owner === 0) return;
  const finished = isFinished(side, owner);
  for (let pfn = end - 1; pfn >= newEnd; pfn--) {
    if (!finished && units.lostNow(owner, pfn, side.step)) continue;
    const another = findUntracker(side, owner, pfn, pfn + 1) !== 0;
    if (!another && !units.has(owner, pfn) && isTouched(side, owner)) continue;
    reportWrongOwner(side, owner, newEnd, pfn + 1, END_MATCH);
    return;
  }
}

/** Where the pages that were removed lay among those the unit had. */
function lostPlace(side: SideState, unit: number): number {
  const { units } = side;
  if (units.live[unit] === 0) return WHOLE;
  if ((units.removedLow[unit] as number) < units.lowest(unit)) return HEAD;
  return (units.removedHigh[unit] as number) > units.highest(unit) ? TAIL : MIDDLE;
}

/** The same among those that the op's process had: where several share a unit, each has its own. */
function lostPlaceInProc(side: SideState, unit: number): number {
  const { units, op } = side;
  if (units.shared[unit] === 0) return lostPlace(side, unit);
  const proc = side.pages.living(op.proc);
  if (proc === null) return WHOLE;
  let low = Number.POSITIVE_INFINITY;
  let high = -1;
  for (let page = proc.low; page < proc.high; page++) {
    if (proc.unit[page] !== unit) continue;
    low = Math.min(low, proc.pfn[page] as number);
    high = Math.max(high, proc.pfn[page] as number);
  }
  if (high < 0) return WHOLE;
  if ((units.removedLow[unit] as number) < low) return HEAD;
  return (units.removedHigh[unit] as number) > high ? TAIL : MIDDLE;
}

/**
 * Notes what took the pages: the last op that took them from a process which kept others. That a
 * process went with all it had explains nothing of what stays reserved for the rest.
 */
function noteGone(side: SideState, unit: number, place: number): void {
  const { units } = side;
  const removal = units.removal[unit] as number;
  const here = lostPlaceInProc(side, unit);
  units.noteGone(
    unit,
    side.step,
    removalCause(removal, here === WHOLE ? place : here),
    here !== WHOLE,
  );
}

/** Whether the unit's reservation is not exactly its pages. */
function deviates(side: SideState, unit: number): boolean {
  const { units, reservations } = side;
  if (units.live[unit] !== units.reserved[unit]) return true;
  if (units.live[unit] === 0) return false;
  if ((units.entries[unit] as number) > 1) return false;
  const row = reservations.byOwner.first(unit);
  if (row < 0) return false;
  return (
    reservations.start[row] !== units.lowest(unit) ||
    reservations.end[row] !== units.highest(unit) + 1
  );
}

/** Notes what took the unit's pages, and the first cause of a reservation that does not fit. */
function markUnit(side: SideState, unit: number): void {
  const { units } = side;
  const removed = (units.removed[unit] as number) > 0;
  if (units.entries[unit] === 0 && (units.live[unit] === 0 || !removed)) return;
  const place = removed ? lostPlace(side, unit) : WHOLE;
  if (removed) noteGone(side, unit, place);
  if (place === MIDDLE) units.split[unit] = 1;
  if (!deviates(side, unit)) {
    if (units.mark[unit] !== NO_CAUSE) units.healed[unit] = units.mark[unit] as number;
    units.mark[unit] = NO_CAUSE;
    return;
  }
  if (units.live[unit] === 0) uncountEntries(side, unit);
  if (units.mark[unit] !== NO_CAUSE || !removed) return;
  units.mark[unit] = firstCause(side, unit, place);
}

/**
 * A piece that took the tracking of the rest along comes first. Where the end of a mapping went,
 * or all of it, one untrack would have done: if it did not, then because the mapping was in
 * pieces, or because the untracks of one op hit each other's entries.
 */
function firstCause(side: SideState, unit: number, place: number): CauseId {
  const { units } = side;
  if (units.moved[unit] !== NO_CAUSE) return units.moved[unit] as number;
  if (place === WHOLE || place === TAIL) {
    if (units.split[unit] === 1) return SPLIT;
    if (isCrossed(side, unit)) return place === WHOLE ? END_MATCH : EQUAL_MATCH;
  }
  return removalCause(units.removal[unit] as number, place);
}

/** What a dead unit left behind is no longer kept by design. */
function uncountEntries(side: SideState, unit: number): void {
  const { reservations } = side;
  const { byOwner } = reservations;
  for (let row = byOwner.first(unit); row >= 0; row = byOwner.next(row)) reservations.uncount(row);
}

/**
 * Which of several entries was cut to what cannot be seen. A unit that lives on and does not fit
 * its entry, or has none, takes the one that fits from a unit that is gone, and leaves its own.
 */
function exchange(side: SideState, unit: number): void {
  const { units, reservations } = side;
  if (units.live[unit] === 0 || (units.entries[unit] as number) > 1) return;
  if (units.touchedCount < 2 || !deviates(side, unit)) return;
  const low = units.lowest(unit);
  const high = units.highest(unit) + 1;
  const { byStart } = reservations;
  const own = reservations.byOwner.first(unit);
  let fitting = -1;
  for (let row = byStart.first(low); row >= 0; row = byStart.next(row)) {
    const owner = reservations.owner[row] as number;
    const gone = isTouched(side, owner) && units.live[owner] === 0;
    if (gone && reservations.end[row] === high) fitting = Math.max(fitting, row);
  }
  if (fitting < 0 || units.live[unit] !== high - low) return;
  const other = reservations.owner[fitting] as number;
  reservations.hand(fitting, unit);
  if (own >= 0) reservations.hand(own, other);
}
