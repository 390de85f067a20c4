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
import { UNIT_SHIFT } from "./counters.ts";
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
  CHANGED,
  CUT_BY_END,
  DROPPED,
  HAS_NEW_SUSPECT,
  inVmaMask,
  IS_REVOKED,
  liveOf,
  lostOf,
  mappedMask,
  TOUCHED,
  TOUCHED_COUNT,
  UNCOVERED,
  UNIT_FACTS,
  UNIT_GONE,
  UNIT_HEALED,
  UNIT_KNOWN,
  UNIT_MARK,
  UNIT_TOLD,
} from "./ledger.ts";
import {
  CHANGE_SHIFT,
  countOf,
  ENTRY_SHIFT,
  giveUp,
  INVALID_COUNT,
  INVALID_END,
  INVALID_START,
  lowestOf,
  OUTCOME,
  PAGE_SHIFT,
} from "./memory.ts";
import {
  coverMask,
  HAS_LEAKED,
  IS_COUNTED,
  IS_SUSPECT,
  keptMask,
  mayLeak,
  NOBODY,
  ROW_FACTS,
  ROW_MARK,
  ROW_OWNER,
  ROW_PAGES,
  rowsEnd,
  uncountRow,
} from "./reservations.ts";

/** What over-retention cost, by side: page-ops, refused mappings, and those of another mode. */
export const PAGE_OPS = new Int32Array(32);
export const LATER_REFUSED = new Int32Array(32);
export const LATER_CHANGED = new Int32Array(32);

/** Pages kept past their last mapping, by side. */
const RETAINED = new Int32Array(32);

/** Makes the checks of a side ready for another trace. */
export const clearChecks = (s: number): void => {
  RETAINED[s] = 0;
  PAGE_OPS[s] = 0;
  LATER_REFUSED[s] = 0;
  LATER_CHANGED[s] = 0;
};

/** Runs the checks of a side after its reservations are settled. */
export const runChecks = (s: number): void => {
  if (INVALID_COUNT[s] !== 0) checkDoubleUntrack(s);
  const moved = (CHANGED[s] as number) | (DROPPED[s] as number) | (UNCOVERED[s] as number);
  if ((moved | (HAS_NEW_SUSPECT[s] as number) | (TOUCHED_COUNT[s] as number)) !== 0) checkPages(s);
  PAGE_OPS[s] = (PAGE_OPS[s] as number) + (RETAINED[s] as number);
  if (TROUBLE[s] !== 0) checkTrouble(s);
};

/** What is asked only where mappings or reservations have changed. */
const checkPages = (s: number): void => {
  const used = inVmaMask(s);
  if (((DROPPED[s] as number) & ~used) !== 0 || HAS_NEW_SUSPECT[s] !== 0) checkLeak(s, used);
  const mapped = mappedMask(s);
  const retained = keptMask(s) & ~mapped;
  RETAINED[s] = countOf(retained);
  if (retained !== 0) checkOverRetention(s, retained & (CHANGED[s] as number));
  // An untracked mapping is none of the flat engine's findings.
  const bared = ((UNCOVERED[s] as number) | (CHANGED[s] as number)) & mapped;
  if (bared !== 0 && (bared & ~coverMask(s)) !== 0) giveUp();
};

/** The op's own name where a history gives no better cause. */
const orOp = (cause: CauseId): CauseId => {
  return cause === NO_CAUSE ? causeOfOp() : cause;
};

/** The cause of an untrack that failed, or of what it left (SideState.orEndMatch()). */
const orEndMatch = (s: number, cause: CauseId): CauseId => {
  const known = orOp(cause);
  return CUT_BY_END[s] === 1 && failsOnlyByAnother(known) ? END_MATCH : known;
};

const checkDoubleUntrack = (s: number): void => {
  const base = s << CHANGE_SHIFT;
  for (let at = base; at < base + (INVALID_COUNT[s] as number); at++) {
    const ends = (1 << (INVALID_START[at] as number)) | (1 << ((INVALID_END[at] as number) - 1));
    const u = unitThatLost(s, ends);
    const history = u < 0 ? NO_CAUSE : historyOf(u);
    const crossed = history === NO_CAUSE && u >= 0 && isCrossed(s, u);
    report(s, DOUBLE_UNTRACK, crossed ? END_MATCH : orEndMatch(s, history));
  }
};

const historyOf = (u: number): CauseId => {
  const mark = UNIT_MARK[u] as number;
  return mark === NO_CAUSE ? (UNIT_HEALED[u] as number) : mark;
};

/** The unit that lost the pages in this step; one whose reservation is known to be wrong first. */
const unitThatLost = (s: number, pages: number): number => {
  const base = s << UNIT_SHIFT;
  let best = -1;
  for (let at = base; at < base + (TOUCHED_COUNT[s] as number); at++) {
    const u = TOUCHED[at] as number;
    const lost = (lostOf(u) & pages) === pages;
    if (lost && (best < 0 || historyOf(best) === NO_CAUSE)) best = u;
  }
  return best;
};

const checkLeak = (s: number, used: number): void => {
  const top = rowsEnd(s);
  for (let r = s << ENTRY_SHIFT; r < top; r++) {
    const facts = ROW_FACTS[r] as number;
    if ((facts & IS_SUSPECT) === 0) continue;
    if (!mayLeak(r)) ROW_FACTS[r] = facts & ~IS_SUSPECT;
    else if ((used & (ROW_PAGES[r] as number)) === 0) tellLeak(s, r);
  }
};

const tellLeak = (s: number, r: number): void => {
  const owner = ROW_OWNER[r] as number;
  const mark = owner === NOBODY ? ROW_MARK[r] : UNIT_MARK[owner];
  uncountRow(r);
  ROW_FACTS[r] = ((ROW_FACTS[r] as number) & ~IS_SUSPECT) | HAS_LEAKED;
  report(s, LEAK, orEndMatch(s, mark as number));
};

/** Each page that nobody maps any more and that is still reserved for a mapping that lives on. */
const checkOverRetention = (s: number, pages: number): void => {
  for (let left = pages; left !== 0; left &= left - 1) {
    const pfn = lowestOf(left);
    const top = rowsEnd(s);
    for (let r = s << ENTRY_SHIFT; r < top; r++) {
      const covers = (((ROW_PAGES[r] as number) >>> pfn) & 1) === 1;
      if (covers && ((ROW_FACTS[r] as number) & IS_COUNTED) !== 0) tellRetention(s, r, pfn);
    }
  }
};

const REVOKE_CAUSE = opCause("revoke");

const tellRetention = (s: number, r: number, pfn: number): void => {
  const owner = ROW_OWNER[r] as number;
  const isLive = ((liveOf(owner) >>> pfn) & 1) === 1;
  const off = ((UNIT_FACTS[owner] as number) & IS_REVOKED) !== 0 ? REVOKE_CAUSE : COW;
  const cause = orOp(isLive ? off : goneBy(owner, pfn));
  const told = UNIT_TOLD[owner] as number;
  if (((told >>> cause) & 1) === 1) return;
  UNIT_TOLD[owner] = told | (1 << cause);
  report(s, OVER_RETENTION, cause);
};

/** What took the page away from the unit. */
const goneBy = (u: number, pfn: number): CauseId => {
  const isKnown = (((UNIT_KNOWN[u] as number) >>> pfn) & 1) === 1;
  return isKnown ? (UNIT_GONE[(u << PAGE_SHIFT) + pfn] as number) : NO_CAUSE;
};

/** refused or stale-memtype. */
const checkTrouble = (s: number): void => {
  if (TROUBLE[s] === REFUSED_MAPPING + 1) {
    if (isKept(s)) LATER_REFUSED[s] = (LATER_REFUSED[s] as number) + 1;
    report(s, REFUSED_MAPPING, troubleCause(s), OUTCOME[s] as number);
  } else if (TROUBLE[s] === STALE_MEMTYPE + 1) {
    if (isKept(s)) LATER_CHANGED[s] = (LATER_CHANGED[s] as number) + 1;
    report(s, STALE_MEMTYPE, troubleCause(s), MODE_KIND + (GOT[s] as number));
  }
};
