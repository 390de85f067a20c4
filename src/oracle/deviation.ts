import { BRIDGE, type CauseId, LEAKED, NO_CAUSE, REPLACE, RETAINED } from "./causes.ts";
import type { Reservation } from "./reservation.ts";
import type { Deviation, SideState } from "./state.ts";

/**
 * Notes that a request for [first, end) did not go as exact tracking would have it, and which
 * reservation stood in the way: the first, in the list's order, that is of another cache mode
 * than expected (or of the one that was got) and covers a page its mapping no longer needs.
 */
export function noteDeviation(
  side: SideState,
  symptom: NonNullable<Deviation["symptom"]>,
  first: number,
  end: number,
  expected: number,
  got: number,
): void {
  const { deviation } = side;
  deviation.symptom = symptom;
  deviation.expected = expected;
  deviation.got = got;
  deviation.found = false;
  deviation.kept = false;
  deviation.bridges = false;
  deviation.owner = null;
  deviation.page = first;
  deviation.cause = NO_CAUSE;
  const culprit =
    findCulprit(side, first, end, expected, got, false) ??
    findCulprit(side, first, end, expected, got, true);
  if (culprit === null) return;
  deviation.found = true;
  deviation.kept = culprit.isCounted;
  deviation.owner = culprit.owner;
  deviation.bridges = symptom === "refused" && meetsAnother(side, first, end, culprit.mode);
}

/** Whether a request meets a reservation of another cache mode than this one. */
function meetsAnother(side: SideState, first: number, end: number, mode: number): boolean {
  const { reservations } = side;
  for (let start = reservations.firstStart(first); start < end; start++) {
    let entry = reservations.startingAt(start);
    for (; entry !== null; entry = entry.nextOfStart) {
      if (entry.end > first && entry.mode !== mode) return true;
    }
  }
  return false;
}

/**
 * The reservation to blame, its page noted in the deviation, or null. One whose page the op itself
 * replaces is to blame only if no other is.
 */
function findCulprit(
  side: SideState,
  first: number,
  end: number,
  expected: number,
  got: number,
  replaced: boolean,
): Reservation | null {
  const { deviation, reservations } = side;
  let best: Reservation | null = null;
  for (let start = reservations.firstStart(first); start < end && best === null; start++) {
    let entry = reservations.startingAt(start);
    for (; entry !== null; entry = entry.nextOfStart) {
      if (got >= 0 ? entry.mode !== got : entry.mode === expected) continue;
      const page = idlePage(side, entry, first, end, replaced);
      if (page < 0 || (best !== null && !isBefore(entry, best))) continue;
      best = entry;
      deviation.page = page;
    }
  }
  return best;
}

/** The first page in [first, end) that the entry covers though its unit no longer maps it, or -1. */
function idlePage(
  side: SideState,
  { start, end: entryEnd, owner }: Reservation,
  first: number,
  end: number,
  replaced: boolean,
): number {
  const last = Math.min(end, entryEnd);
  for (let pfn = Math.max(first, start); pfn < last; pfn++) {
    if (!replaced && owner?.lostNow(pfn, side.step) === true) continue;
    if (owner === null || !owner.has(pfn) || !side.pages.isMapped(pfn)) return pfn;
  }
  return -1;
}

/** Of entries with one start the shorter comes first, and of equal ones the lower row. */
function isBefore(entry: Reservation, other: Reservation): boolean {
  return entry.end === other.end ? entry.row < other.row : entry.end < other.end;
}

/**
 * The cause of the deviation. How the blamed page came to be kept is told where it was lost; here
 * it matters whether its reservation will ever go, so that one culprit has one name.
 */
export function deviationCause(side: SideState): CauseId {
  const { deviation } = side;
  if (deviation.cause !== NO_CAUSE) return deviation.cause;
  if (!deviation.found) return side.cause;
  if (deviation.owner === null) return LEAKED;
  if (deviation.owner.lostNow(deviation.page, side.step)) return REPLACE;
  if (!deviation.kept) return LEAKED;
  return deviation.bridges ? BRIDGE : RETAINED;
}
