/** Why a mapping did not go as exact tracking would have it: src/oracle/blame.ts on the flat ledger. */
import { type CauseId, LEAKED, NO_CAUSE, REPLACE, RETAINED } from "../oracle/causes.ts";
import { causeOfOp } from "./findings.ts";
import { isTouched, liveOf, lostOf, mappedMask } from "./ledger.ts";
import { lowestOf, maskOf, MOST_ENTRIES } from "./memory.ts";
import {
  IS_COUNTED,
  NOBODY,
  ROW_END,
  ROW_FACTS,
  ROW_MODE,
  ROW_OWNER,
  ROW_START,
  rowsEnd,
} from "./reservations.ts";

/** By side: the symptom plus one (0: none), whether a reservation is to blame, and which. */
export const TROUBLE = new Int32Array(32);
const FOUND = new Int32Array(32);
const KEPT_ON = new Int32Array(32);
const OWNER = new Int32Array(32);
const PAGE = new Int32Array(32);
const CAUSE = new Int32Array(32);
/** The cache mode that it got. */
export const GOT = new Int32Array(32);

/** Notes a symptom, and the reservation that stood in the way of a request for [first, end). */
export function blame(
  s: number,
  symptom: number,
  first: number,
  end: number,
  expected: number,
  got: number,
): boolean {
  TROUBLE[s] = symptom + 1;
  GOT[s] = got;
  FOUND[s] = 0;
  KEPT_ON[s] = 0;
  CAUSE[s] = NO_CAUSE;
  let culprit = findCulprit(s, first, end, expected, got, false);
  if (culprit < 0) culprit = findCulprit(s, first, end, expected, got, true);
  if (culprit < 0) return false;
  FOUND[s] = 1;
  KEPT_ON[s] = (ROW_FACTS[culprit] as number) & IS_COUNTED;
  OWNER[s] = ROW_OWNER[culprit] as number;
  return true;
}

/** A symptom that no reservation explains. */
export function blameNone(s: number, symptom: number, cause: CauseId): void {
  TROUBLE[s] = symptom + 1;
  FOUND[s] = 0;
  KEPT_ON[s] = 0;
  CAUSE[s] = cause;
}

/** Whether the reservation to blame is one that the design keeps on purpose. */
export function isKept(s: number): boolean {
  return KEPT_ON[s] !== 0;
}

function findCulprit(
  s: number,
  first: number,
  end: number,
  expected: number,
  got: number,
  replaced: boolean,
): number {
  const range = maskOf(first, end);
  let best = -1;
  const top = rowsEnd(s);
  for (let r = s * MOST_ENTRIES; r < top; r++) {
    const mode = ROW_MODE[r] as number;
    if (got >= 0 ? mode !== got : mode === expected) continue;
    const pages = idlePages(s, r, range, replaced);
    if (pages === 0 || (best >= 0 && !isBefore(r, best))) continue;
    best = r;
    PAGE[s] = lowestOf(pages);
  }
  return best;
}

/** The pages of a range that the entry covers though its unit no longer maps them. */
function idlePages(s: number, r: number, range: number, replaced: boolean): number {
  const pages = range & maskOf(ROW_START[r] as number, ROW_END[r] as number);
  const owner = ROW_OWNER[r] as number;
  if (owner === NOBODY || pages === 0) return pages;
  const idle = pages & ~(liveOf(owner) & mappedMask(s));
  return replaced || !isTouched(s, owner) ? idle : idle & ~lostOf(owner);
}

/** The list's order: by start, then by end; of equal ones the lower row. */
function isBefore(r: number, other: number): boolean {
  const byStart = (ROW_START[r] as number) - (ROW_START[other] as number);
  if (byStart !== 0) return byStart < 0;
  return (ROW_END[r] as number) < (ROW_END[other] as number);
}

/** The cause of the trouble. */
export function troubleCause(s: number): CauseId {
  if (CAUSE[s] !== NO_CAUSE) return CAUSE[s] as number;
  if (FOUND[s] === 0) return causeOfOp();
  const owner = OWNER[s] as number;
  if (owner === NOBODY) return LEAKED;
  const wasLost = isTouched(s, owner) && ((lostOf(owner) >>> (PAGE[s] as number)) & 1) === 1;
  if (wasLost) return REPLACE;
  return KEPT_ON[s] !== 0 ? RETAINED : LEAKED;
}
