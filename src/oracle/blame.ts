import { COW, type CauseId, NO_CAUSE, opCause, REPLACE } from "./causes.ts";
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
  trouble.cause = ownCause(side, row, trouble);
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
  let best = -1;
  for (let row = 0; row < reservations.count; row++) {
    const type = reservations.type[row] as number;
    if (got >= 0 ? type !== got : type === expected) continue;
    const page = idlePage(side, row, first, end, replaced);
    if (page < 0 || (best >= 0 && !isBefore(side, row, best))) continue;
    best = row;
    trouble.page = page;
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

function isBefore(side: SideState, row: number, other: number): boolean {
  const { start, end } = side.reservations;
  if (start[row] !== start[other]) return (start[row] as number) < (start[other] as number);
  return (end[row] as number) < (end[other] as number);
}

/** What can be said of the cause now; where the unit changes in this step, it is left open. */
function ownCause(side: SideState, row: number, trouble: Trouble): CauseId {
  const { units, reservations } = side;
  if (trouble.owner === 0) return reservations.mark[row] as number;
  if (units.has(trouble.owner, trouble.page)) return COW;
  return trouble.kept ? NO_CAUSE : (units.mark[trouble.owner] as number);
}

/** The cause of the trouble, once the step's marks are made. */
export function troubleCause(side: SideState): CauseId {
  const { trouble, units } = side;
  if (trouble.cause !== NO_CAUSE) return trouble.cause;
  if (!trouble.found || trouble.owner === 0) return opCause(side.op.op);
  const replaced = units.lostNow(trouble.owner, trouble.page, side.step);
  return side.orOp(replaced ? REPLACE : units.goneBy(trouble.owner, trouble.page));
}
