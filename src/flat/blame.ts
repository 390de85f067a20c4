/** Why a mapping did not go as exact tracking would have it: src/oracle/blame.ts on the flat ledger. */
import { type CauseId, LEAKED, NO_CAUSE, REPLACE, RETAINED } from "../oracle/causes.ts";
import { causeOfOp } from "./findings.ts";
import { isTouched, liveOf, lostOf, mappedMask } from "./ledger.ts";
import { ENTRY_SHIFT, lowestOf, maskOf } from "./memory.ts";
import {
  IS_COUNTED,
  NOBODY,
  ROW_FACTS,
  ROW_MODE,
  ROW_OWNER,
  ROW_PAGES,
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
export const blame = (
  s: number,
  symptom: number,
  first: number,
  end: number,
  expected: number,
  got: number,
): boolean => {
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
};

/** A symptom that no reservation explains. */
export const blameNone = (s: number, symptom: number, cause: CauseId): void => {
  TROUBLE[s] = symptom + 1;
  FOUND[s] = 0;
  KEPT_ON[s] = 0;
  CAUSE[s] = cause;
};

/** Whether the reservation to blame is one that the design keeps on purpose. */
export const isKept = (s: number): boolean => {
  return KEPT_ON[s] !== 0;
};

const findCulprit = (
  s: number,
  first: number,
  end: number,
  expected: number,
  got: number,
  replaced: boolean,
): number => {
  const range = maskOf(first, end);
  let best = -1;
  const top = rowsEnd(s);
  for (let r = s << ENTRY_SHIFT; r < top; r++) {
    const mode = ROW_MODE[r] as number;
    if (got >= 0 ? mode !== got : mode === expected) continue;
    const pages = idlePages(s, r, range, replaced);
    if (pages === 0 || (best >= 0 && !isBefore(r, best))) continue;
    best = r;
    PAGE[s] = lowestOf(pages);
  }
  return best;
};

/** The pages of a range that the entry covers though its unit no longer maps them. */
const idlePages = (s: number, r: number, range: number, replaced: boolean): number => {
  const pages = range & (ROW_PAGES[r] as number);
  const owner = ROW_OWNER[r] as number;
  if (owner === NOBODY || pages === 0) return pages;
  const idle = pages & ~(liveOf(owner) & mappedMask(s));
  return replaced || !isTouched(s, owner) ? idle : idle & ~lostOf(owner);
};

/** The list's order: by start, then by end; of equal ones the lower row. */
const isBefore = (r: number, other: number): boolean => {
  const [pages, others] = [ROW_PAGES[r] as number, ROW_PAGES[other] as number];
  const byStart = lowestOf(pages) - lowestOf(others);
  return byStart === 0 ? pages < others : byStart < 0;
};

/** The cause of the trouble. */
export const troubleCause = (s: number): CauseId => {
  if (CAUSE[s] !== NO_CAUSE) return CAUSE[s] as number;
  if (FOUND[s] === 0) return causeOfOp();
  const owner = OWNER[s] as number;
  if (owner === NOBODY) return LEAKED;
  const wasLost = isTouched(s, owner) && ((lostOf(owner) >>> (PAGE[s] as number)) & 1) === 1;
  if (wasLost) return REPLACE;
  return KEPT_ON[s] !== 0 ? RETAINED : LEAKED;
};
