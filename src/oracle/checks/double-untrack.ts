import type { TraceEvent } from "../../trace/recording.ts";
import { isCrossed } from "../attribution.ts";
import { type CauseId, END_MATCH, NO_CAUSE } from "../causes.ts";
import type { SideState } from "../state.ts";

/** double-untrack: an untrack found no reservation of its own ("freeing invalid memtype"). */
export function checkDoubleUntrack(side: SideState, events: readonly TraceEvent[]): void {
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
  const history = unit === 0 ? NO_CAUSE : historyOf(side, unit);
  if (history === NO_CAUSE && unit !== 0 && isCrossed(side, unit)) return END_MATCH;
  return side.orEndMatch(history);
}

/** A wrong reservation may have come to fit in this very step, by the untrack that found nothing. */
function historyOf(side: SideState, unit: number): CauseId {
  const mark = side.units.mark[unit] as number;
  return mark === NO_CAUSE ? (side.units.healed[unit] as number) : mark;
}

/** The unit that lost the range in this step; one whose reservation is known to be wrong first. */
function findUnit(side: SideState, start: number, end: number): number {
  const { units } = side;
  let best = 0;
  for (let at = 0; at < units.touchedCount; at++) {
    const unit = units.touched[at] as number;
    const lost = units.lostNow(unit, start, side.step) && units.lostNow(unit, end - 1, side.step);
    if (lost && (best === 0 || historyOf(side, best) === NO_CAUSE)) best = unit;
  }
  return best;
}
