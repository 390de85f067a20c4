import { DEAD, findEntry, findUntracker, isFinished, isTouched, ownerRank } from "./attribution.ts";
import { END_MATCH, EQUAL_MATCH, NO_CAUSE } from "./causes.ts";
import { reportWrongOwner } from "./checks/wrong-owner.ts";
import { CAME, CLAIMED, type ListChange, type ListChanges, MATCHED, WENT } from "./listchanges.ts";
import { fitsNot, noteMisfit } from "./misfit.ts";
import { pairChanges } from "./pairing.ts";
import type { Reservation } from "./reservation.ts";
import type { SideState } from "./state.ts";
import type { Unit } from "./unit.ts";

/**
 * Brings the reservations to the state after the step: every change finds its owner, and every
 * unit that the op touched is marked with the first thing that made its reservation inexact.
 */
export function assignChanges(side: SideState, changes: ListChanges): void {
  const { touched, touchedCount } = side.units;
  if (touchedCount === 0 && isClaimed(changes)) return;
  if (assignFinished(side, changes)) return;
  if (changes.count > 0) assignEach(side, changes);
  for (let at = 0; at < touchedCount; at++) exchange(side, touched[at] as Unit);
  for (let at = 0; at < touchedCount; at++) {
    const unit = touched[at] as Unit;
    noteMisfit(side, unit);
    if (unit.live === 0 || unit.misfit !== NO_CAUSE) side.reservations.suspectUnit(unit);
  }
}

function assignEach(side: SideState, changes: ListChanges): void {
  restoreCancelled(side, changes);
  pairChanges(side, changes);
  const { all, count } = changes;
  for (let at = 0; at < count; at++) {
    const change = all[at] as ListChange;
    if (change.state === WENT) assignWent(side, changes, at);
  }
  for (let at = 0; at < count; at++) {
    const { state, start, end, mode } = all[at] as ListChange;
    if (state === CAME) side.reservations.add(start, end, mode, null, side.cause);
  }
}

/** Whether every change has found its owner already. */
function isClaimed({ all, count }: ListChanges): boolean {
  for (let at = 0; at < count; at++) if ((all[at] as ListChange).state !== CLAIMED) return false;
  return true;
}

/**
 * The commonest change by far: exact mappings went entirely, and their entries and no others with
 * them. Whatever else is asked of changes has one answer then, and what has found its owner already
 * changes nothing of that.
 */
function assignFinished(side: SideState, changes: ListChanges): boolean {
  if (!isAllFinished(side, changes)) return false;
  const { all, count } = changes;
  for (let at = 0; at < count; at++) {
    const { state, start, end, mode } = all[at] as ListChange;
    const entry = state === WENT ? findEntry(side, start, end, mode, false) : null;
    if (entry !== null) side.reservations.remove(entry);
  }
  return true;
}

/** Whether the changes are that each unit touched has gone, and its one entry with it. */
function isAllFinished(side: SideState, { all, count }: ListChanges): boolean {
  const { touched, touchedCount } = side.units;
  let claimed = 0;
  for (let at = 0; at < count; at++) claimed += Number((all[at] as ListChange).state === CLAIMED);
  if (count - claimed !== touchedCount) return false;
  let matched = 0;
  for (; matched < touchedCount; matched++) {
    const unit = touched[matched] as Unit;
    if (unit.entry === null || unit.entries !== 1 || !isFinished(side, unit)) break;
    if (!matchRemoval(all, count, unit.entry)) break;
  }
  for (let at = 0; at < count; at++) {
    const change = all[at] as ListChange;
    if (change.state === MATCHED) change.state = WENT;
  }
  return matched === touchedCount;
}

/** Matches one of the values that went and equal the entry's, if any is left. */
function matchRemoval(
  all: readonly ListChange[],
  count: number,
  { start, end, mode }: Reservation,
): boolean {
  for (let at = 0; at < count; at++) {
    const change = all[at] as ListChange;
    if (change.state !== WENT || !change.has(start, end, mode)) continue;
    change.state = MATCHED;
    return true;
  }
  return false;
}

/**
 * A unit that was exact and went entirely has freed its entry. If an equal one is still there,
 * and a longer one with the same start went, then the longer one was cut to that length: both
 * changes happened, and only their sum does not show it.
 */
function restoreCancelled(side: SideState, changes: ListChanges): void {
  const { touched, touchedCount } = side.units;
  for (let at = 0; at < touchedCount; at++) {
    const unit = touched[at] as Unit;
    const { entry } = unit;
    if (entry === null || unit.entries !== 1 || !isFinished(side, unit)) continue;
    if (!hasLonger(changes, entry)) continue;
    if (countWent(changes, entry) > countEqualFinished(side, at, entry)) continue;
    changes.remove(entry.start, entry.end, entry.mode);
    changes.add(entry.start, entry.end, entry.mode);
  }
}

/** Whether an entry went that has this start and mode but a later end. */
function hasLonger({ all, count }: ListChanges, { start, end, mode }: Reservation): boolean {
  for (let at = 0; at < count; at++) {
    const change = all[at] as ListChange;
    const isAlike = change.state === WENT && change.start === start && change.mode === mode;
    if (isAlike && change.end > end) return true;
  }
  return false;
}

function countWent({ all, count }: ListChanges, { start, end, mode }: Reservation): number {
  let went = 0;
  for (let at = 0; at < count; at++) {
    const change = all[at] as ListChange;
    if (change.state === WENT && change.has(start, end, mode)) went++;
  }
  return went;
}

/** How many units before this one in the step's list have gone and had an equal entry. */
function countEqualFinished(side: SideState, before: number, { start, end }: Reservation): number {
  let count = 0;
  for (let at = 0; at < before; at++) {
    const unit = side.units.touched[at] as Unit;
    if (unit.entries !== 1 || !isFinished(side, unit)) continue;
    if (unit.entry?.start === start && unit.entry.end === end) count++;
  }
  return count;
}

/** One value that went: its entry was freed, or narrowed to entries that came inside it. */
function assignWent(side: SideState, { all, count }: ListChanges, at: number): void {
  const { reservations } = side;
  const went = all[at] as ListChange;
  const { start, end, mode } = went;
  const left = nextPiece(all, count, 0, went);
  const entry = findEntry(side, start, end, mode, left < count);
  if (entry === null) {
    throw new Error(`oracle: reservation [${start}, ${end}) went but was never there`);
  }
  const { owner } = entry;
  if (left === count) {
    if (owner !== null && isRobbed(side, owner, start, end)) {
      reportWrongOwner(side, owner, start, end, EQUAL_MATCH);
    }
    reservations.remove(entry);
    return;
  }
  const piece = all[left] as ListChange;
  piece.state = CLAIMED;
  let coveredTo = piece.end;
  for (let more = left; (more = nextPiece(all, count, more + 1, went)) < count; ) {
    const other = all[more] as ListChange;
    other.state = CLAIMED;
    reservations.add(other.start, other.end, mode, owner, NO_CAUSE, entry.step);
    coveredTo = Math.max(coveredTo, other.end);
  }
  if (coveredTo < end && piece.start === start) judgeCut(side, owner, piece.end, end);
  reservations.resize(entry, piece.start, piece.end);
}

/** The first from `from` on that a value became, or `count`. */
function nextPiece(
  all: readonly ListChange[],
  count: number,
  from: number,
  went: ListChange,
): number {
  let at = from;
  while (
    at < count &&
    ((all[at] as ListChange).state !== CAME || (all[at] as ListChange).home !== went)
  )
    at++;
  return at;
}

/** Whether an entry that was freed was not its own mapping's to free. */
function isRobbed(side: SideState, owner: Unit, start: number, end: number): boolean {
  if (ownerRank(side, owner) >= DEAD) return true;
  return owner.live > 0 && findUntracker(side, owner, start, end) !== null;
}

/**
 * An entry was cut at the end. That is its own mapping's doing only if that mapping lost those
 * pages in this step; and the entry of an exact one that went entirely would have been freed.
 */
function judgeCut(side: SideState, owner: Unit | null, newEnd: number, end: number): void {
  side.cutByEnd = true;
  // What a driver's zap takes is untracked by the VMA that was zapped, which stays.
  if (owner === null || (owner.holder === "driver" && owner.takenStamp === side.step)) return;
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
  if (units.touchedCount < 2 || !fitsNot(unit)) return;
  const low = unit.lowest;
  const high = unit.highest + 1;
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
