import { isCrossed } from "./attribution.ts";
import {
  type CauseId,
  END_MATCH,
  EQUAL_MATCH,
  HEAD,
  ISA_WINDOW,
  MIDDLE,
  NO_CAUSE,
  removalCause,
  SPLIT,
  TAIL,
  WHOLE,
} from "./causes.ts";
import { isInIsa } from "./isa.ts";
import type { SideState } from "./state.ts";
import type { Unit } from "./unit.ts";

/** Where the pages that were removed lay among those the unit had. */
function lostPlace(unit: Unit): number {
  if (unit.live === 0) return WHOLE;
  if (unit.removedLow < unit.lowest) return HEAD;
  return unit.removedHigh > unit.highest ? TAIL : MIDDLE;
}

/** The same among those that the op's process had: where several share a unit, each has its own. */
function lostPlaceInProc(side: SideState, unit: Unit): number {
  if (!unit.shared) return lostPlace(unit);
  const proc = side.procs.living(side.op.proc);
  if (proc === null) return WHOLE;
  let low = Number.POSITIVE_INFINITY;
  let high = -1;
  for (const area of proc.every()) {
    if (area.unit !== unit) continue;
    low = Math.min(low, area.pfn);
    high = Math.max(high, area.pfnAt(area.end) - 1);
  }
  if (high < 0) return WHOLE;
  if (unit.removedLow < low) return HEAD;
  return unit.removedHigh > high ? TAIL : MIDDLE;
}

/** Whether the op took pages that were all in the ISA window, of a unit that reaches out of it. */
function isLostInIsa({ world }: SideState, unit: Unit): boolean {
  const isIn = isInIsa(world, unit.removedLow, unit.removedHigh + 1);
  return isIn && unit.entries > 0;
}

/**
 * Notes what took the pages: the last op that took them from a process which kept others. That a
 * process went with all it had explains nothing of what stays reserved for the rest.
 */
function noteGone(side: SideState, unit: Unit, place: number): void {
  const here = lostPlaceInProc(side, unit);
  const byPlace = removalCause(unit.removal, here === WHOLE ? place : here);
  const cause = isLostInIsa(side, unit) ? ISA_WINDOW : byPlace;
  unit.noteGone(cause, here !== WHOLE);
}

/** Whether the unit's reservation is not exactly its pages. */
export function fitsNot(unit: Unit): boolean {
  if (unit.live !== unit.reserved) return true;
  const { entry } = unit;
  if (unit.live === 0 || unit.entries > 1 || entry === null) return false;
  return entry.start !== unit.lowest || entry.end !== unit.highest + 1;
}

/** Notes what took the unit's pages, and the first cause of a reservation that does not fit. */
export function noteMisfit(side: SideState, unit: Unit): void {
  const removed = unit.hasRemoved;
  if (unit.entries === 0 && (unit.live === 0 || !removed)) return;
  const place = removed ? lostPlace(unit) : WHOLE;
  if (removed) noteGone(side, unit, place);
  if (place === MIDDLE) unit.split = true;
  if (!fitsNot(unit)) {
    if (unit.misfit !== NO_CAUSE) unit.formerMisfit = unit.misfit;
    unit.misfit = NO_CAUSE;
    return;
  }
  if (unit.live === 0) uncountEntries(side, unit);
  if (unit.misfit !== NO_CAUSE || !removed) return;
  unit.misfit = firstCause(side, unit, place);
}

/**
 * A piece that took the tracking of the rest along comes first. Where the end of a mapping went,
 * or all of it, one untrack would have done: if it did not, then because the mapping was in
 * pieces, or because the untracks of one op hit each other's entries.
 */
function firstCause(side: SideState, unit: Unit, place: number): CauseId {
  if (unit.moved !== NO_CAUSE) return unit.moved;
  if (isLostInIsa(side, unit)) return ISA_WINDOW;
  if (place === WHOLE || place === TAIL) {
    if (unit.split) return SPLIT;
    if (isCrossed(side, unit)) return place === WHOLE ? END_MATCH : EQUAL_MATCH;
  }
  return removalCause(unit.removal, place);
}

/** What a dead unit left behind is no longer kept by design. */
function uncountEntries({ reservations }: SideState, unit: Unit): void {
  for (let entry = unit.entry; entry !== null; entry = entry.nextOfOwner) {
    reservations.uncount(entry);
  }
}
