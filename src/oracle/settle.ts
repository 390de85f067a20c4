import { DEAD, findEntry, findUntracker, isFinished, isTouched, ownerRank } from "./attribution.ts";
import { END_MATCH, EQUAL_MATCH, NO_CAUSE } from "./causes.ts";
import { reportWrongOwner } from "./checks/wrong-owner.ts";
import { deviates, markUnit } from "./marking.ts";
import { type MemtypeDelta, USED } from "./observed.ts";
import { pairChanges } from "./pairing.ts";
import type { Reservation } from "./reservation.ts";
import type { SideState } from "./state.ts";
import type { Unit } from "./unit.ts";

/**
 * Brings the reservations to the state after the step: every change finds its owner, and every
 * unit that the op touched is marked with the first thing that made its reservation inexact.
 */
export function settle(side: SideState, delta: MemtypeDelta): void {
  if (side.units.touchedCount === 0 && isClaimed(delta)) return;
  if (settleFinished(side, delta)) return;
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
    side.reservations.add(start, end, delta.type[at] as number, null, side.cause);
  }
  const { touched, touchedCount } = side.units;
  for (let at = 0; at < touchedCount; at++) exchange(side, touched[at] as Unit);
  for (let at = 0; at < touchedCount; at++) {
    const unit = touched[at] as Unit;
    markUnit(side, unit);
    if (unit.live === 0 || unit.mark !== NO_CAUSE) side.reservations.suspectUnit(unit);
  }
}

/** Whether every change has found its owner already. */
function isClaimed(delta: MemtypeDelta): boolean {
  return delta.count === 0 || (delta.count === 1 && delta.came[0] === USED);
}

/**
 * The commonest change by far: exact mappings went entirely, and their entries and no others with
 * them. Whatever else settle() asks has one answer then.
 */
function settleFinished(side: SideState, delta: MemtypeDelta): boolean {
  if (!isAllFinished(side, delta)) return false;
  for (let at = 0; at < delta.count; at++) {
    const [start, end] = [delta.start[at] as number, delta.end[at] as number];
    const entry = findEntry(side, start, end, delta.type[at] as number, false);
    if (entry !== null) side.reservations.remove(entry);
  }
  return true;
}

/** Whether the changes are that each unit touched has gone, and its one entry with it. */
function isAllFinished(side: SideState, delta: MemtypeDelta): boolean {
  const { touched, touchedCount } = side.units;
  if (delta.count !== touchedCount) return false;
  let matched = 0;
  for (; matched < touchedCount; matched++) {
    const unit = touched[matched] as Unit;
    if (unit.entry === null || unit.entries !== 1 || !isFinished(side, unit)) break;
    if (!claimRemoval(delta, unit.entry)) break;
  }
  for (let at = 0; at < delta.count; at++) if (delta.came[at] === MATCHED) delta.came[at] = 0;
  return matched === touchedCount;
}

/** Marks one of the values that went and equal the entry's, if any is left. */
function claimRemoval(delta: MemtypeDelta, { start, end, type }: Reservation): boolean {
  for (let at = 0; at < delta.count; at++) {
    const alike = delta.start[at] === start && delta.end[at] === end && delta.type[at] === type;
    if (!alike || delta.came[at] !== 0) continue;
    delta.came[at] = MATCHED;
    return true;
  }
  return false;
}

/** `came` of a value that went, while it is matched with an entry. */
const MATCHED = 3;

/**
 * A unit that was exact and went entirely has freed its entry. If an equal one is still there,
 * and a longer one with the same start went, then the longer one was cut to that length: both
 * changes happened, and only their sum does not show it.
 */
function restoreCancelled(side: SideState, delta: MemtypeDelta): void {
  const { touched, touchedCount } = side.units;
  for (let at = 0; at < touchedCount; at++) {
    const unit = touched[at] as Unit;
    const { entry } = unit;
    if (entry === null || unit.entries !== 1 || !isFinished(side, unit)) continue;
    const { start, end, type } = entry;
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
  let count = 0;
  for (let at = 0; at < before; at++) {
    const unit = side.units.touched[at] as Unit;
    if (unit.entries !== 1 || !isFinished(side, unit)) continue;
    if (unit.entry?.start === start && unit.entry.end === end) count++;
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
  const entry = findEntry(side, start, end, type, left >= 0);
  if (entry === null) {
    throw new Error(`oracle: reservation [${start}, ${end}) went but was never there`);
  }
  const { owner } = entry;
  if (left < 0) {
    if (owner !== null && isRobbed(side, owner, start, end)) {
      reportWrongOwner(side, owner, start, end, EQUAL_MATCH);
    }
    reservations.remove(entry);
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
  reservations.resize(entry, delta.start[left] as number, newEnd);
}

/**
 * Whether an entry that was freed was not its own mapping's to free: that did nothing in this
 * step, or it lives on and another one let go of pages there.
 */
function isRobbed(side: SideState, owner: Unit, start: number, end: number): boolean {
  if (ownerRank(side, owner) >= DEAD) return true;
  return owner.live > 0 && findUntracker(side, owner, start, end) !== null;
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
function judgeShrink(side: SideState, owner: Unit | null, newEnd: number, end: number): void {
  side.cutByEnd = true;
  if (owner === null) return;
  const finished = isFinished(side, owner);
  for (let pfn = end - 1; pfn >= newEnd; pfn--) {
    if (!finished && owner.lostNow(pfn, side.step)) continue;
    const another = findUntracker(side, owner, pfn, pfn + 1) !== null;
    if (!another && !owner.has(pfn) && isTouched(side, owner)) continue;
    reportWrongOwner(side, owner, newEnd, pfn + 1, END_MATCH);
    return;
  }
}

/**
 * Which of several entries was cut to what cannot be seen. A unit that lives on and does not fit
 * its entry, or has none, takes the one that fits from a unit that is gone, and leaves its own.
 */
function exchange(side: SideState, unit: Unit): void {
  const { units, reservations } = side;
  if (unit.live === 0 || unit.entries > 1) return;
  if (units.touchedCount < 2 || !deviates(unit)) return;
  const low = unit.lowest();
  const high = unit.highest() + 1;
  if (unit.live !== high - low) return;
  let fitting: Reservation | null = null;
  for (let one = reservations.startingAt(low); one !== null; one = one.nextOfStart) {
    const isGone = one.owner !== null && isTouched(side, one.owner) && one.owner.live === 0;
    if (isGone && one.end === high && one.row >= (fitting?.row ?? 0)) fitting = one;
  }
  const own = unit.entry;
  const other = fitting?.owner ?? null;
  if (fitting === null || other === null) return;
  reservations.hand(fitting, unit);
  if (own !== null) reservations.hand(own, other);
}
