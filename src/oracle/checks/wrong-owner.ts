import { findUntracker } from "../attribution.ts";
import { type CauseId, causeName, END_MATCH, EQUAL_MATCH, NO_CAUSE, SPLIT } from "../causes.ts";
import type { SideState } from "../state.ts";

/**
 * wrong-owner-untrack: [start, end) was freed from the reservation of `victim`, which did not let
 * go of it. Whoever did is marked with the match that hit the wrong entry, and so is the victim:
 * what follows for either of them follows from this.
 */
export function reportWrongOwner(
  side: SideState,
  victim: number,
  start: number,
  end: number,
  match: CauseId,
): void {
  const untracker = findUntracker(side, victim, start, end);
  const cause = untracker === 0 ? match : inherited(side, victim, untracker, match);
  const mark = untracker === 0 ? cause : consequence(side, untracker, cause);
  markOnce(side, victim, mark);
  if (untracker !== 0) markOnce(side, untracker, mark);
  const first = side.units.first[victim] as number;
  const last = first + (side.units.pages[victim] as number);
  const name = causeName(match) === "end-match" ? "by its end" : "by its range";
  side.report(
    "wrong-owner-untrack",
    cause,
    () =>
      `freeing pfns [${start}, ${end}) hit another mapping's reservation ${name}; that mapping was made for pfns [${first}, ${last})`,
  );
}

/** What follows from an untrack of a mapping in pieces follows from its being in pieces. */
function consequence(side: SideState, untracker: number, cause: CauseId): CauseId {
  const { units } = side;
  if (units.moved[untracker] !== NO_CAUSE) return units.moved[untracker] as number;
  return units.split[untracker] === 1 ? SPLIT : cause;
}

/** A wrong hit that follows from an earlier wrong hit has its cause. */
function inherited(side: SideState, victim: number, untracker: number, match: CauseId): CauseId {
  for (const unit of [victim, untracker]) {
    const mark = side.units.mark[unit] as number;
    if (mark === END_MATCH || mark === EQUAL_MATCH) return mark;
  }
  return match;
}

function markOnce(side: SideState, unit: number, mark: CauseId): void {
  const { units } = side;
  if (units.mark[unit] !== NO_CAUSE) return;
  units.mark[unit] = units.moved[unit] === NO_CAUSE ? mark : (units.moved[unit] as number);
  side.reservations.suspectUnit(unit);
}
