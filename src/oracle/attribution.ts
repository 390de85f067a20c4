import { NO_CAUSE } from "./causes.ts";
import { type MemtypeDelta, USED } from "./observed.ts";
import type { SideState } from "./state.ts";

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

export function ownerRank(side: SideState, owner: number): number {
  const { units } = side;
  const touched = owner !== 0 && units.stamp[owner] === side.step;
  const dead = owner === 0 || units.live[owner] === 0;
  if (!touched) return dead ? DEAD : UNTOUCHED;
  if (!dead) return TOUCHED;
  return wasExact(side, owner) ? FINISHED : FINISHED_INEXACT;
}

/** Whether this step's op concerns the unit. */
export function isTouched(side: SideState, unit: number): boolean {
  return unit !== 0 && side.units.stamp[unit] === side.step;
}

/** Whether one untrack of the unit's pages would have freed its reservation. */
export function wasExact(side: SideState, unit: number): boolean {
  const { units } = side;
  return units.split[unit] === 0 && units.mark[unit] === NO_CAUSE && units.moved[unit] === NO_CAUSE;
}

/** Whether an exact unit went entirely in this step. */
export function isFinished(side: SideState, unit: number): boolean {
  return isTouched(side, unit) && side.units.live[unit] === 0 && wasExact(side, unit);
}

/** Claims an entry that came with exactly this range; -1 when there is none. */
export function claimChange(delta: MemtypeDelta, start: number, end: number): number {
  for (let at = 0; at < delta.count; at++) {
    if (delta.came[at] === 1 && delta.start[at] === start && delta.end[at] === end) {
      delta.came[at] = USED;
      return at;
    }
  }
  return -1;
}

/**
 * Among the entries of this value the one whose owner most likely let go of it, or -1. `cut`: part
 * of it is left, which an exact mapping that went entirely would not leave, so that comes last.
 */
export function findEntry(
  side: SideState,
  start: number,
  end: number,
  type: number,
  cut: boolean,
): number {
  const { reservations } = side;
  const { byStart } = reservations;
  let best = -1;
  let bestRank = Number.POSITIVE_INFINITY;
  for (let row = byStart.first(start); row >= 0; row = byStart.next(row)) {
    if (reservations.end[row] !== end) continue;
    if (type >= 0 && reservations.type[row] !== type) continue;
    const plain = ownerRank(side, reservations.owner[row] as number);
    const rank = cut && plain === FINISHED ? UNTOUCHED + 1 : plain;
    if (rank < bestRank || (rank === bestRank && row < best)) {
      best = row;
      bestRank = rank;
    }
  }
  return best;
}

/**
 * A mapping that replaces others may free an entry and reserve an equal one, which leaves the
 * list as it was. Then the equal entry is to be taken as gone and come again.
 */
export function findTwin(side: SideState, start: number, end: number): number {
  return side.units.touchedCount === 0 ? -1 : findEntry(side, start, end, -1, false);
}

/**
 * The unit whose untrack hit the entry of `victim`: another that lost a page of [start, end) in
 * this step, the last page first. 0 if there is none.
 */
export function findUntracker(side: SideState, victim: number, start: number, end: number): number {
  const { units } = side;
  for (let pfn = end - 1; pfn >= start; pfn--) {
    let best = 0;
    for (let at = 0; at < units.touchedCount; at++) {
      const unit = units.touched[at] as number;
      if (unit === victim || !units.lostNow(unit, pfn, side.step)) continue;
      const holds = best !== 0 && units.entries[best] === 0 && (units.entries[unit] as number) > 0;
      if (best === 0 || holds) best = unit;
    }
    if (best !== 0) return best;
  }
  return 0;
}

/** Whether another unit lost pages of this one's range in this step. */
export function isCrossed(side: SideState, unit: number): boolean {
  const first = side.units.first[unit] as number;
  return findUntracker(side, unit, first, first + (side.units.pages[unit] as number)) !== 0;
}
