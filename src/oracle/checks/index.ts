import type { Observed } from "../observed.ts";
import type { SideState } from "../state.ts";
import { checkAlias } from "./alias.ts";
import { checkDoubleUntrack } from "./double-untrack.ts";
import { checkAnswer } from "./errno.ts";
import { checkLeak } from "./leak.ts";
import { checkMissedConflict } from "./missed-conflict.ts";
import { checkOverRetention } from "./over-retention.ts";
import { checkRefcount } from "./refcount.ts";
import { checkRefused } from "./refused.ts";
import { checkStaleMemtype } from "./stale-memtype.ts";
import { checkUntrackedMapping } from "./untracked-mapping.ts";
import { checkWarning } from "./warning.ts";

/** All checks of one side, in the order in which their findings are told. */
export function runChecks(side: SideState, seen: Observed): void {
  if (seen.events.length > 0) {
    checkDoubleUntrack(side, seen.events);
    checkWarning(side, seen.events);
  }
  checkLeak(side);
  checkOverRetention(side);
  checkUntrackedMapping(side);
  if (side.trouble.symptom !== null) {
    checkRefused(side, seen.outcome);
    checkStaleMemtype(side);
    checkMissedConflict(side);
  }
  checkAlias(side);
  checkRefcount(side, seen.badContexts);
  checkAnswer(side, seen.outcome);
}
