import { type CauseId, LEAKED, NO_CAUSE, opCause, REPLACE, RETAINED } from "./causes.ts";
import type { SideState, Trouble } from "./state.ts";

/**
 * Notes that a request for [first, end) did not go as exact tracking would have it, and which
 * reservation stood in the way: the first, in the list's order, that is of another cache mode
 * than expected (or of the one that was got) and covers a page its mapping no longer needs.
 */
export function blame(
  side: SideState,
  symptom: NonNullable<Trouble["symptom"]>,
  first: number,
  end: number,
  expected: number,
  got: number,
): void {
  const { trouble, reservations } = side;
  trouble.symptom = symptom;
  trouble.expected = expected;
  trouble.got = got;
  trouble.found = false;
  trouble.kept = false;
  trouble.owner = 0;
  trouble.page = first;
  trouble.cause = NO_CAUSE;
  let row = findCulprit(side, first, end, expected, got, false);
  if (row < 0) row = findCulprit(side, first, end, expected, got, true);
  if (row < 0) return;
  trouble.found = true;
  trouble.kept = reservations.isCounted(row);
  trouble.owner = reservations.owner[row] as number;
}

/**
 * The row of the reservation to blame, its page noted in the trouble, or -1. One whose page the op
 * itself replaces is to blame only if no other is.
 */
function findCulprit(
  side: SideState,
  first: number,
  end: number,
  expected: number,
  got: number,
  replaced: boolean,
): number {
  const { trouble, reservations } = side;
  const { byStart } = reservations;
  let best = -1;
  for (let start = reservations.firstStart(first); start < end && best < 0; start++) {
    for (let row = byStart.first(start); row >= 0; row = byStart.next(row)) {
      const type = reservations.type[row] as number;
      if (got >= 0 ? type !== got : type === expected) continue;
      const page = idlePage(side, row, first, end, replaced);
      if (page < 0 || (best >= 0 && !isBefore(side, row, best))) continue;
      best = row;
      trouble.page = page;
    }
  }
  return best;
}

/** The first page in [first, end) that the entry covers though its unit no longer maps it, or -1. */
function idlePage(
  side: SideState,
  row: number,
  first: number,
  end: number,
  replaced: boolean,
): number {
  const { reservations, units, pages } = side;
  const owner = reservations.owner[row] as number;
  const last = Math.min(end, reservations.end[row] as number);
  for (let pfn = Math.max(first, reservations.start[row] as number); pfn < last; pfn++) {
    if (!replaced && owner !== 0 && units.lostNow(owner, pfn, side.step)) continue;
    if (owner === 0 || !units.has(owner, pfn) || pages.mapped[pfn] === 0) return pfn;
  }
  return -1;
}

/** Of entries with one start the shorter comes first, and of equal ones the lower row. */
function isBefore(side: SideState, row: number, other: number): boolean {
  const { end } = side.reservations;
  if (end[row] !== end[other]) return (end[row] as number) < (end[other] as number);
  return row < other;
}

/**
 * The cause of the trouble. How the blamed page came to be kept is told where it was lost; here
 * it matters whether its reservation will ever go, so that one culprit has one name.
 */
export function troubleCause(side: SideState): CauseId {
  const { trouble, units } = side;
  if (trouble.cause !== NO_CAUSE) return trouble.cause;
  if (!trouble.found) return opCause(side.op.op);
  if (trouble.owner === 0) return LEAKED;
  if (units.lostNow(trouble.owner, trouble.page, side.step)) return REPLACE;
  return trouble.kept ? RETAINED : LEAKED;
}
