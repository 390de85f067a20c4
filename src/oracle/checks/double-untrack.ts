import type { SeenEvent } from "../observed.ts";
import { isCrossed } from "../attribution.ts";
import { type CauseId, END_MATCH, NO_CAUSE } from "../causes.ts";
import type { SideState } from "../state.ts";
import type { Unit } from "../unit.ts";

/** double-untrack: an untrack found no reservation of its own ("freeing invalid memtype"). */
export function checkDoubleUntrack(side: SideState, events: readonly SeenEvent[]): void {
  for (const event of events) {
    if (event.kind !== "invalid-free") continue;
    const { start, end } = event;
    const cause = causeOf(side, start, end);
    side.report(
      "double-untrack",
      cause,
      () => `the untrack of pfns [${start}, ${end}) found no reservation of that range`,
    );
  }
}

/** Without a history of its own it was hit by another untrack of the same op, if there was one. */
function causeOf(side: SideState, start: number, end: number): CauseId {
  const unit = findUnit(side, start, end);
  const history = unit === null ? NO_CAUSE : historyOf(unit);
  if (history === NO_CAUSE && unit !== null && isCrossed(side, unit)) return END_MATCH;
  return side.orEndMatch(history);
}

/** A wrong reservation may have come to fit in this very step, by the untrack that found nothing. */
function historyOf({ misfit, formerMisfit }: Unit): CauseId {
  return misfit === NO_CAUSE ? formerMisfit : misfit;
}

/** The unit that lost the range in this step; one whose reservation is known to be wrong first. */
function findUnit(side: SideState, start: number, end: number): Unit | null {
  const { touched, touchedCount } = side.units;
  let best: Unit | null = null;
  for (let at = 0; at < touchedCount; at++) {
    const unit = touched[at] as Unit;
    const lost = unit.lostNow(start, side.step) && unit.lostNow(end - 1, side.step);
    if (lost && (best === null || historyOf(best) === NO_CAUSE)) best = unit;
  }
  return best;
}
