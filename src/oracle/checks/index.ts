import type { Observed } from "../observed.ts";
import { followRam } from "../ram.ts";
import type { SideState } from "../state.ts";
import { checkAlias } from "./alias.ts";
import { checkDoubleUntrack } from "./double-untrack.ts";
import { checkAnswer } from "./errno.ts";
import { checkLeak } from "./leak.ts";
import { checkMissedConflict } from "./missed-conflict.ts";
import { checkModeMismatch } from "./mode-mismatch.ts";
import { checkOverRetention } from "./over-retention.ts";
import { checkRefcount } from "./refcount.ts";
import { checkRefused } from "./refused.ts";
import { checkStaleMemtype } from "./stale-memtype.ts";
import { checkBared, checkUntrackedMapping } from "./untracked-mapping.ts";
import { checkWarning } from "./warning.ts";

/**
 * All checks of one side, in the order of their findings. Each is asked only where
 * the ledger has something for it, because most steps have nothing for any.
 */
export function runChecks(side: SideState, seen: Observed): void {
  const { pages, reservations, deviation } = side;
  if (seen.events.length > 0) {
    checkDoubleUntrack(side, seen.events);
    checkWarning(side, seen.events);
  }
  if (pages.hasLeft || reservations.hasNewSuspect || side.hasDrivers) checkLeak(side, seen);
  if (pages.retained > 0) checkOverRetention(side);
  const unreserved = pages.unreservedPage;
  if (unreserved >= 0) checkUntrackedMapping(side, unreserved);
  else if (side.bared >= 0) checkBared(side);
  if (deviation.symptom !== null) {
    checkRefused(side, seen.outcome);
    checkStaleMemtype(side);
    checkMissedConflict(side);
  }
  if (side.mismatch.pfn >= 0) checkModeMismatch(side);
  if (pages.aliased >= 0) checkAlias(side);
  if (side.ramHolds.length > 0 || side.op.op === "set-memory") followRam(side, seen);
  // A task that a BUG has ended never gives back what its VMAs hold.
  if (seen.badContexts !== side.badContexts && !side.hasDied) {
    checkRefcount(side, seen.badContexts);
  }
  if (side.isUntrue) checkAnswer(side, seen.outcome);
}
