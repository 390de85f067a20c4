import { takeOp } from "../src/flat/encode.ts";
import { beginTrace, costOf, step } from "../src/flat/engine.ts";
import type { PlainDesign } from "../src/flat/sides.ts";
import { NOT_COMPARABLE } from "../src/flat/differential.ts";
import { judgedFindings } from "../src/flat/verdict.ts";
import type { JudgedFinding } from "../src/oracle/finding.ts";
import type { Trace } from "../src/trace/trace.ts";
import type { Difference } from "./differential.ts";
import { clearGoals, GOALS_REACHED, goalsAfter, goalsBefore } from "./flatgoals.ts";

/** The differential that answers of every trace. */
interface Readable {
  run(trace: Trace): { readonly findings: readonly JudgedFinding[] };
}

/**
 * Two plain designs on the flat engine. It answers what the readable differential does, except that
 * the findings of one step and side may come in another order; the sentence of a finding is asked
 * of that one when somebody reads it.
 */
export class FlatDifferential {
  constructor(
    private readonly before: PlainDesign,
    private readonly after: PlainDesign,
    private readonly readable: Readable,
  ) {}

  /** Runs and judges a trace; null for one that does what the flat engine does not hold. */
  run(trace: Trace): Difference | null {
    if (!this.runFlat(trace)) return null;
    return {
      findings: judgedFindings(() => this.readable.run(trace).findings),
      goals: GOALS_REACHED[0] as number,
      notComparable: NOT_COMPARABLE[0] as number,
      retention: costOf(1),
    };
  }

  private runFlat(trace: Trace): boolean {
    if (!beginTrace(this.before, this.after, trace)) return false;
    clearGoals();
    for (const op of trace.ops) {
      if (!takeOp(op)) return false;
      goalsBefore(0);
      goalsBefore(1);
      if (!step()) return false;
      goalsAfter(0);
      goalsAfter(1);
    }
    return true;
  }
}
