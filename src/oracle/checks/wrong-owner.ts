import { findUntracker } from "../attribution.ts";
import { type CauseId, causeName, END_MATCH, EQUAL_MATCH, NO_CAUSE, SPLIT } from "../causes.ts";
import type { SideState } from "../state.ts";
import type { Unit } from "../unit.ts";

/**
 * wrong-owner-untrack: [start, end) was freed from the reservation of `victim`, which did not let
 * go of it. Whoever did is marked with the match that hit the wrong entry, and so is the victim:
 * what follows for either of them follows from this.
 */
export function reportWrongOwner(
  side: SideState,
  victim: Unit,
  start: number,
  end: number,
  match: CauseId,
): void {
  const untracker = findUntracker(side, victim, start, end);
  const cause = untracker === null ? match : inherited(victim, untracker, match);
  const misfit = untracker === null ? cause : consequence(untracker, cause);
  markOnce(side, victim, misfit);
  if (untracker !== null) markOnce(side, untracker, misfit);
  const { first } = victim;
  const last = first + victim.pages;
  const name = causeName(match) === "end-match" ? "by its end" : "by its range";
  side.report(
    "wrong-owner-untrack",
    cause,
    () =>
      `freeing pfns [${start}, ${end}) hit another mapping's reservation ${name}; that mapping was made for pfns [${first}, ${last})`,
  );
}

/** What follows from an untrack of a mapping in pieces follows from its being in pieces. */
function consequence({ moved, split }: Unit, cause: CauseId): CauseId {
  if (moved !== NO_CAUSE) return moved;
  return split ? SPLIT : cause;
}

/** A wrong hit that follows from an earlier wrong hit has its cause. */
function inherited(victim: Unit, untracker: Unit, match: CauseId): CauseId {
  for (const { misfit } of [victim, untracker]) {
    if (misfit === END_MATCH || misfit === EQUAL_MATCH) return misfit;
  }
  return match;
}

function markOnce(side: SideState, unit: Unit, misfit: CauseId): void {
  if (unit.misfit !== NO_CAUSE) return;
  unit.misfit = unit.moved === NO_CAUSE ? misfit : unit.moved;
  side.reservations.suspectUnit(unit);
}
