/** All checks of one side: src/oracle/checks on the flat ledger, in their order. */
import {
  type CauseId,
  COW,
  END_MATCH,
  failsOnlyByAnother,
  NO_CAUSE,
  opCause,
} from "../oracle/causes.ts";
import { isCrossed } from "./attribution.ts";
import { GOT, isKept, TROUBLE, troubleCause } from "./blame.ts";
import { MOST_UNITS, SOME } from "./counters.ts";
import {
  causeOfOp,
  DOUBLE_UNTRACK,
  LEAK,
  MODE_KIND,
  OVER_RETENTION,
  REFUSED_MAPPING,
  report,
  STALE_MEMTYPE,
} from "./findings.ts";
import {
  BARED,
  CHANGED,
  COVER,
  CUT_BY_END,
  EMPTIED,
  HAS_NEW_SUSPECT,
  IN_VMA,
  IS_REVOKED,
  KEPT,
  liveOf,
  lostOf,
  mappedMask,
  TOUCHED,
  TOUCHED_COUNT,
  UNIT_FACTS,
  UNIT_GONE,
  UNIT_HEALED,
  UNIT_MARK,
  UNIT_RANGE,
  UNIT_TOLD,
} from "./ledger.ts";
import {
  countOf,
  giveUp,
  INVALID_COUNT,
  INVALID_END,
  INVALID_START,
  lowestOf,
  maskOf,
  MOST_CHANGES,
  MOST_ENTRIES,
  OUTCOME,
} from "./memory.ts";
import {
  HAS_LEAKED,
  IS_COUNTED,
  IS_SUSPECT,
  mayLeak,
  NOBODY,
  ROW_END,
  ROW_FACTS,
  ROW_MARK,
  ROW_OWNER,
  ROW_START,
  rowsEnd,
  uncountRow,
} from "./reservations.ts";

/** What over-retention cost, by side: page-ops, refused mappings, and those of another mode. */
export const PAGE_OPS = new Int32Array(32);
export const LATER_REFUSED = new Int32Array(32);
export const LATER_CHANGED = new Int32Array(32);

/** Runs the checks of a side after its reservations are settled. */
export function runChecks(s: number): void {
  if (INVALID_COUNT[s] !== 0) checkDoubleUntrack(s);
  if (EMPTIED[s] !== 0 || HAS_NEW_SUSPECT[s] !== 0) checkLeak(s);
  const mapped = mappedMask(s);
  const retained = (SOME[s * 8 + KEPT] as number) & ~mapped;
  if (retained !== 0) {
    checkOverRetention(s, retained & (CHANGED[s] as number));
    PAGE_OPS[s] = (PAGE_OPS[s] as number) + countOf(retained);
  }
  // An untracked mapping is none of the flat engine's findings.
  const bare = mapped & ~(SOME[s * 8 + COVER] as number);
  if ((bare & ((BARED[s] as number) | (CHANGED[s] as number))) !== 0) giveUp();
  if (TROUBLE[s] !== 0) checkTrouble(s);
}

/** The op's own name where a history gives no better cause. */
function orOp(cause: CauseId): CauseId {
  return cause === NO_CAUSE ? causeOfOp() : cause;
}

/** The cause of an untrack that failed, or of what it left (SideState.orEndMatch()). */
function orEndMatch(s: number, cause: CauseId): CauseId {
  const known = orOp(cause);
  return CUT_BY_END[s] === 1 && failsOnlyByAnother(known) ? END_MATCH : known;
}

function checkDoubleUntrack(s: number): void {
  const base = s * MOST_CHANGES;
  for (let at = base; at < base + (INVALID_COUNT[s] as number); at++) {
    const ends = (1 << (INVALID_START[at] as number)) | (1 << ((INVALID_END[at] as number) - 1));
    const u = unitThatLost(s, ends);
    const history = u < 0 ? NO_CAUSE : historyOf(u);
    const crossed = history === NO_CAUSE && u >= 0 && isCrossed(s, u);
    report(s, DOUBLE_UNTRACK, crossed ? END_MATCH : orEndMatch(s, history));
  }
}

function historyOf(u: number): CauseId {
  const mark = UNIT_MARK[u] as number;
  return mark === NO_CAUSE ? (UNIT_HEALED[u] as number) : mark;
}

/** The unit that lost the pages in this step; one whose reservation is known to be wrong first. */
function unitThatLost(s: number, pages: number): number {
  const base = s * MOST_UNITS;
  let best = -1;
  for (let at = base; at < base + (TOUCHED_COUNT[s] as number); at++) {
    const u = TOUCHED[at] as number;
    const lost = (lostOf(u) & pages) === pages;
    if (lost && (best < 0 || historyOf(best) === NO_CAUSE)) best = u;
  }
  return best;
}

function checkLeak(s: number): void {
  const used = SOME[s * 8 + IN_VMA] as number;
  const top = rowsEnd(s);
  for (let r = s * MOST_ENTRIES; r < top; r++) {
    const facts = ROW_FACTS[r] as number;
    if ((facts & IS_SUSPECT) === 0) continue;
    if (!mayLeak(r)) ROW_FACTS[r] = facts & ~IS_SUSPECT;
    else if ((used & maskOf(ROW_START[r] as number, ROW_END[r] as number)) === 0) tellLeak(s, r);
  }
}

function tellLeak(s: number, r: number): void {
  const owner = ROW_OWNER[r] as number;
  const mark = owner === NOBODY ? ROW_MARK[r] : UNIT_MARK[owner];
  uncountRow(s, r);
  ROW_FACTS[r] = ((ROW_FACTS[r] as number) & ~IS_SUSPECT) | HAS_LEAKED;
  report(s, LEAK, orEndMatch(s, mark as number));
}

/** Each page that nobody maps any more and that is still reserved for a mapping that lives on. */
function checkOverRetention(s: number, pages: number): void {
  for (let left = pages; left !== 0; left &= left - 1) {
    const pfn = lowestOf(left);
    const top = rowsEnd(s);
    for (let r = s * MOST_ENTRIES; r < top; r++) {
      const covers = (ROW_START[r] as number) <= pfn && pfn < (ROW_END[r] as number);
      if (covers && ((ROW_FACTS[r] as number) & IS_COUNTED) !== 0) tellRetention(s, r, pfn);
    }
  }
}

const REVOKE_CAUSE = opCause("revoke");

function tellRetention(s: number, r: number, pfn: number): void {
  const owner = ROW_OWNER[r] as number;
  const isLive = ((liveOf(owner) >>> pfn) & 1) === 1;
  const off = ((UNIT_FACTS[owner] as number) & IS_REVOKED) !== 0 ? REVOKE_CAUSE : COW;
  const cause = orOp(isLive ? off : goneBy(owner, pfn));
  const told = UNIT_TOLD[owner] as number;
  if (((told >>> cause) & 1) === 1) return;
  UNIT_TOLD[owner] = told | (1 << cause);
  report(s, OVER_RETENTION, cause);
}

/** What took the page away from the unit. */
function goneBy(u: number, pfn: number): CauseId {
  const isInside = (((UNIT_RANGE[u] as number) >>> pfn) & 1) === 1;
  return isInside ? (UNIT_GONE[u * 32 + pfn] as number) : NO_CAUSE;
}

/** refused or stale-memtype. */
function checkTrouble(s: number): void {
  if (TROUBLE[s] === REFUSED_MAPPING + 1) {
    if (isKept(s)) LATER_REFUSED[s] = (LATER_REFUSED[s] as number) + 1;
    report(s, REFUSED_MAPPING, troubleCause(s), OUTCOME[s] as number);
  } else if (TROUBLE[s] === STALE_MEMTYPE + 1) {
    if (isKept(s)) LATER_CHANGED[s] = (LATER_CHANGED[s] as number) + 1;
    report(s, STALE_MEMTYPE, troubleCause(s), MODE_KIND + (GOT[s] as number));
  }
}
