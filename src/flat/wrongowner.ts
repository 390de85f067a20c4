/** wrong-owner-untrack: src/oracle/checks/wrong-owner.ts on the flat ledger. */
import { type CauseId, END_MATCH, EQUAL_MATCH, NO_CAUSE, SPLIT } from "../oracle/causes.ts";
import { findUntracker, isFinished } from "./attribution.ts";
import { report, WRONG_OWNER } from "./findings.ts";
import {
  CUT_BY_END,
  IS_SPLIT,
  isTouched,
  liveOf,
  lostOf,
  UNIT_FACTS,
  UNIT_MARK,
  UNIT_MOVED,
} from "./ledger.ts";
import { maskOf } from "./memory.ts";
import { NOBODY, suspectUnit } from "./reservations.ts";

/** The range was freed from the reservation of `victim`, which did not let go of it. */
export const reportWrongOwner = (
  s: number,
  victim: number,
  range: number,
  match: CauseId,
): void => {
  const untracker = findUntracker(s, victim, range);
  const cause = untracker < 0 ? match : inherited(victim, untracker, match);
  const mark = untracker < 0 ? cause : consequence(untracker, cause);
  markOnce(s, victim, mark);
  if (untracker >= 0) markOnce(s, untracker, mark);
  report(s, WRONG_OWNER, cause);
};

/** What follows from an untrack of a mapping in pieces follows from its being in pieces. */
const consequence = (u: number, cause: CauseId): CauseId => {
  const moved = UNIT_MOVED[u] as number;
  if (moved !== NO_CAUSE) return moved;
  return ((UNIT_FACTS[u] as number) & IS_SPLIT) !== 0 ? SPLIT : cause;
};

/** A wrong hit that follows from an earlier wrong hit has its cause. */
const inherited = (victim: number, untracker: number, match: CauseId): CauseId => {
  const mark = UNIT_MARK[victim] as number;
  if (mark === END_MATCH || mark === EQUAL_MATCH) return mark;
  const other = UNIT_MARK[untracker] as number;
  return other === END_MATCH || other === EQUAL_MATCH ? other : match;
};

const markOnce = (s: number, u: number, mark: CauseId): void => {
  if (UNIT_MARK[u] !== NO_CAUSE) return;
  const moved = UNIT_MOVED[u] as number;
  UNIT_MARK[u] = moved === NO_CAUSE ? mark : moved;
  suspectUnit(s, u);
};

/**
 * An entry was cut at the end. That is its own mapping's doing only if that mapping lost those
 * pages in this step; and the entry of an exact one that went entirely would have been freed.
 */
export const judgeShrink = (s: number, owner: number, newEnd: number, end: number): void => {
  CUT_BY_END[s] = 1;
  if (owner === NOBODY) return;
  const touched = isTouched(s, owner);
  const lost = touched && !isFinished(s, owner) ? lostOf(owner) : 0;
  for (let pfn = end - 1; pfn >= newEnd; pfn--) {
    const page = 1 << pfn;
    if ((lost & page) !== 0) continue;
    const another = findUntracker(s, owner, page) >= 0;
    if (!another && (liveOf(owner) & page) === 0 && touched) continue;
    return reportWrongOwner(s, owner, maskOf(newEnd, pfn + 1), END_MATCH);
  }
};
