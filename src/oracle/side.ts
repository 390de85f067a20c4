import { placedOp } from "../trace/regions.ts";
import type { Op } from "../trace/op.ts";
import { applyOp } from "./apply.ts";
import { noteBared } from "./checks/untracked-mapping.ts";
import { runChecks } from "./checks/index.ts";
import type { Observed } from "./observed.ts";
import { assignChanges } from "./ownership.ts";
import { SideState } from "./state.ts";

/**
 * The oracle of one side. It is fed one op at a time with what the side showed, keeps its own
 * ledger, and collects findings. A step that has nothing to report allocates nothing; reset()
 * makes it ready for another trace.
 */
export class SideOracle extends SideState {
  /** Judges one op by what the side showed after it. Uses up `seen.changes`. */
  judge(given: Op, seen: Observed): void {
    const op = this.world.regions === undefined ? given : placedOp(given);
    this.begin(op, seen.failed);
    seen.changes.normalise();
    noteBared(this, seen);
    applyOp(this, op, seen);
    assignChanges(this, seen.changes);
    runChecks(this, seen);
    this.retention.pageOps += this.pages.retained;
  }
}
