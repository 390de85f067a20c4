import { LivePair, type OpWatcher } from "../src/oracle/livepair.ts";
import type { LiveSide } from "../src/oracle/observed.ts";
import type { SideFinding } from "../src/oracle/sidefinding.ts";
import type { Op } from "../src/trace/op.ts";
import type { Trace } from "../src/trace/trace.ts";
import type { Difference } from "./differential.ts";
import { GoalObserver, Reached } from "./goals.ts";

/** What a trace showed; the sentences of findings are made when somebody reads them. */
interface LiveDifference extends Difference {
  readonly findings: readonly SideFinding[];
}

/**
 * A differential of two sides that run: it answers what recordingDifferential() answers of the same
 * sides, and records nothing.
 */
export class LiveDifferential implements OpWatcher {
  private readonly pair: LivePair;
  private readonly goals = new Reached();
  private readonly goalsBefore = new GoalObserver(this.goals);
  private readonly goalsAfter = new GoalObserver(this.goals);

  constructor(before: LiveSide, after: LiveSide) {
    this.pair = new LivePair(before, after);
  }

  /** Runs a trace on both sides and judges it. */
  run(trace: Trace): LiveDifference {
    this.goalsBefore.reset();
    this.goalsAfter.reset();
    const findings = this.pair.run(trace, this);
    const { notComparable, before, after } = this.pair.oracle;
    return {
      findings,
      goals: this.goals.set,
      notComparable,
      retention: { ...after.retention },
      retentionBefore: { ...before.retention },
    };
  }

  before(op: Op, before: LiveSide, after: LiveSide): void {
    this.goalsBefore.before(op, before);
    this.goalsAfter.before(op, after);
  }

  after(op: Op, before: LiveSide, after: LiveSide): void {
    this.goalsBefore.after(op, before);
    this.goalsAfter.after(op, after);
  }
}
