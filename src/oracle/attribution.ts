import { NO_CAUSE } from "./causes.ts";
import { CAME, CLAIMED, type ListChange, type ListChanges } from "./listchanges.ts";
import type { Reservation } from "./reservation.ts";
import type { SideState } from "./state.ts";
import type { Unit } from "./unit.ts";

/**
 * How readily an owner is taken for the one whose entry changed, where equal entries compete:
 * the op let go of its last page and it was exact; or it was not; the op let go of some page;
 * it was dead before; it lives and the op did not concern it.
 */
const FINISHED = 0;
const FINISHED_INEXACT = 1;
const TOUCHED = 2;
export const DEAD = 3;
const UNTOUCHED = 4;

export function ownerRank(side: SideState, owner: Unit | null): number {
  if (owner === null) return DEAD;
  if (!isTouched(side, owner)) return owner.live === 0 ? DEAD : UNTOUCHED;
  if (owner.live > 0) return TOUCHED;
  return wasExact(owner) ? FINISHED : FINISHED_INEXACT;
}

/** Whether this step's op concerns the unit. */
export function isTouched(side: SideState, unit: Unit): boolean {
  return unit.stamp === side.step;
}

/** Whether one untrack of the unit's pages would have freed its reservation. */
function wasExact(unit: Unit): boolean {
  return !unit.split && unit.misfit === NO_CAUSE && unit.moved === NO_CAUSE;
}

/** Whether an exact unit went entirely in this step. */
export function isFinished(side: SideState, unit: Unit): boolean {
  return isTouched(side, unit) && unit.live === 0 && wasExact(unit);
}

/** Claims an entry that came with exactly this range; null when there is none. */
export function claimChange(
  { all, count }: ListChanges,
  start: number,
  end: number,
): ListChange | null {
  for (let at = 0; at < count; at++) {
    const change = all[at] as ListChange;
    if (change.state !== CAME || change.start !== start || change.end !== end) continue;
    change.state = CLAIMED;
    return change;
  }
  return null;
}

/**
 * Among the entries of this value the one whose owner most likely let go of it, or null. `cut`:
 * part of it is left, which an exact mapping that went entirely would not leave, so that comes last.
 */
export function findEntry(
  side: SideState,
  start: number,
  end: number,
  mode: number,
  cut: boolean,
): Reservation | null {
  let best: Reservation | null = null;
  let bestRank = Number.MAX_SAFE_INTEGER;
  let entry = side.reservations.startingAt(start);
  for (; entry !== null; entry = entry.nextOfStart) {
    if (entry.end !== end) continue;
    if (mode >= 0 && entry.mode !== mode) continue;
    const plain = ownerRank(side, entry.owner);
    const rank = cut && plain === FINISHED ? UNTOUCHED + 1 : plain;
    if (rank < bestRank || (rank === bestRank && best !== null && entry.row < best.row)) {
      best = entry;
      bestRank = rank;
    }
  }
  return best;
}

/**
 * A mapping that replaces others may free an entry and reserve an equal one, which leaves the
 * list as it was. Then the equal entry is to be taken as gone and come again.
 */
export function findTwin(side: SideState, start: number, end: number): Reservation | null {
  return side.units.touchedCount === 0 ? null : findEntry(side, start, end, -1, false);
}

/**
 * The unit whose untrack hit the entry of `victim`: another that lost a page of [start, end) in
 * this step, the last page first. Null if there is none.
 */
export function findUntracker(
  side: SideState,
  victim: Unit | null,
  start: number,
  end: number,
): Unit | null {
  const { touched, touchedCount } = side.units;
  let best: Unit | null = null;
  let last = -1;
  for (let at = 0; at < touchedCount; at++) {
    const unit = touched[at] as Unit;
    if (unit === victim) continue;
    const lost = unit.lastLost(start, end, side.step);
    if (lost < last || lost < 0) continue;
    if (lost === last && (best === null || best.entries > 0 || unit.entries === 0)) continue;
    best = unit;
    last = lost;
  }
  return best;
}

/** Whether another unit lost pages of this one's range in this step. */
export function isCrossed(side: SideState, unit: Unit): boolean {
  return findUntracker(side, unit, unit.first, unit.first + unit.pages) !== null;
}
