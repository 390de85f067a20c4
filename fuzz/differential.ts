import type { JudgedFinding } from "../src/oracle/finding.ts";
import type { Judgement } from "../src/oracle/judge.ts";
import type { Retention } from "../src/oracle/state.ts";
import type { Recording } from "../src/trace/recording.ts";
import type { Trace } from "../src/trace/trace.ts";
import { type GoalSet, goalsReached } from "./goals.ts";

/** What one trace showed on both sides. */
export interface Difference {
  readonly findings: readonly JudgedFinding[];
  /** Goals that either side reached. */
  readonly goals: GoalSet;
  /** Steps whose states could not be compared. */
  readonly notComparable: number;
  /** What over-retention cost after, and before. */
  readonly retention: Readonly<Retention>;
  readonly retentionBefore: Readonly<Retention>;
}

/**
 * Runs a trace on both sides and judges it. It must depend on the trace only: everything a
 * campaign promises about digests and shrinking rests on that.
 */
export interface Differential {
  (trace: Trace): Difference | Promise<Difference>;
  /**
   * Tells which traces come after those that were announced before, so that a side that is asked for whole
   * traces can be at them meanwhile. None of it changes what a trace shows.
   */
  readonly announce?: (traces: readonly Trace[]) => void;
}

/** The part of a judgement that a campaign uses. */
export type Verdicts = Omit<Difference, "goals">;

/** What a campaign uses of a judgement of two recordings. */
export function verdictsOf({ findings, notComparable, retention }: Judgement): Verdicts {
  const { before, after } = retention;
  return { findings, notComparable, retention: after, retentionBefore: before };
}

type Recorder = (trace: Trace) => Recording | Promise<Recording>;

/** A differential over two ways to record a trace and a judge of the two recordings. */
export function recordingDifferential(
  recordBefore: Recorder,
  recordAfter: Recorder,
  judge: (before: Recording, after: Recording) => Verdicts,
): Differential {
  const weigh = (before: Recording, after: Recording): Difference => {
    const { findings, notComparable, retention, retentionBefore } = judge(before, after);
    const goals = goalsReached(before) | goalsReached(after);
    return { findings, goals, notComparable, retention, retentionBefore };
  };
  return (trace) => {
    const before = recordBefore(trace);
    const after = recordAfter(trace);
    if (before instanceof Promise || after instanceof Promise) {
      return Promise.all([before, after]).then(([left, right]) => weigh(left, right));
    }
    return weigh(before, after);
  };
}
