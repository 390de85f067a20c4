import { Differential as Oracle } from "../src/oracle/differential.ts";
import type { LiveSide } from "../src/oracle/observed.ts";
import type { SideFinding } from "../src/oracle/sidefinding.ts";
import { judgeFindings } from "../src/oracle/verdict.ts";
import { Flattener } from "../src/trace/flatop.ts";
import type { Op } from "../src/trace/op.ts";
import type { Trace } from "../src/trace/trace.ts";
import type { Difference } from "./differential.ts";
import { GoalObserver, Reached } from "./goals.ts";

/** What a trace showed; the findings are told when somebody reads them. */
interface LiveDifference extends Difference {
  readonly findings: readonly SideFinding[];
}

/**
 * The fast path of a differential: both sides and the oracle go through a trace together, and
 * nothing is recorded. It answers what recordingDifferential() answers of the same sides.
 */
export class LiveDifferential {
  private readonly before: LiveSide;
  private readonly after: LiveSide;
  private readonly oracle = new Oracle();
  private readonly flattener = new Flattener();
  private readonly goals = new Reached();
  private readonly goalsBefore = new GoalObserver(this.goals);
  private readonly goalsAfter = new GoalObserver(this.goals);

  constructor(before: LiveSide, after: LiveSide) {
    this.before = before;
    this.after = after;
  }

  /** Runs a trace on both sides and judges it. */
  run({ world, ops }: Trace): LiveDifference {
    const { before, after, oracle, goalsBefore, goalsAfter } = this;
    before.reset(world);
    after.reset(world);
    oracle.reset(world);
    goalsBefore.reset();
    goalsAfter.reset();
    for (const op of ops) this.step(this.flattener.of(op));
    return {
      findings: judgeFindings(oracle.before.findings, oracle.after.findings),
      goals: this.goals.set,
      notComparable: oracle.notComparable,
      retention: { ...oracle.after.retention },
    };
  }

  private step(op: Op): void {
    const { before, after } = this;
    this.goalsBefore.before(op, before);
    this.goalsAfter.before(op, after);
    this.oracle.judge(op, before.apply(op), after.apply(op));
    this.goalsBefore.after(op, before);
    this.goalsAfter.after(op, after);
  }
}
