import type { Recording } from "../trace/recording.ts";
import { UserError } from "../usererror.ts";
import { sameData } from "../trace/samedata.ts";
import { firstDifference } from "./firstdifference.ts";
import { Differential } from "./differential.ts";
import { RecordingFeed } from "./feed.ts";
import type { Finding, JudgedFinding, Side } from "./finding.ts";
import { SideOracle } from "./side.ts";
import type { Retention } from "./state.ts";
import { judgeFindings } from "./verdict.ts";

/** What one side gets wrong by its own ledger, and what its over-retention cost. */
export interface SideJudgement {
  readonly findings: readonly Finding[];
  readonly retention: Retention;
}

/** What both sides get wrong, what became of it, and how far they could be compared. */
export interface Judgement {
  readonly findings: readonly JudgedFinding[];
  /** Steps whose op ran on different states, so that the results say nothing of the change. */
  readonly notComparable: number;
  /** The first step at which the sides show anything different, or null. */
  readonly firstDifference: number | null;
  readonly retention: { readonly before: Retention; readonly after: Retention };
}

/** Two recordings that do not tell of the same ops, or one that does not tell of all its ops. */
export class IncomparableError extends UserError {
  override readonly name = "IncomparableError";
}

function requireWhole(recording: Recording, name: string): void {
  const { ops } = recording.trace;
  if (recording.steps.length === ops.length) return;
  throw new IncomparableError(
    `${name} has ${recording.steps.length} steps for ${ops.length} ops; a prefix is not compared`,
  );
}

/**
 * Judges one recording by the oracle's own ledger.
 * @throws IncomparableError if there is not exactly one step per op
 */
export function judgeSide(recording: Recording, side: Side): SideJudgement {
  requireWhole(recording, "the recording");
  const oracle = new SideOracle(side);
  const feed = new RecordingFeed(recording);
  oracle.reset(recording.trace.world);
  for (const [index, op] of recording.trace.ops.entries()) {
    oracle.judge(op, feed.show(index));
    if (feed.isOver) break;
  }
  return {
    findings: oracle.findings.map((finding) => finding.plainFinding()),
    retention: { ...oracle.retention },
  };
}

/**
 * Judges the recordings of one trace on both sides.
 * @throws IncomparableError if they are not of the same world and ops, one step per op
 */
export function judge(before: Recording, after: Recording): Judgement {
  requireWhole(before, "before");
  requireWhole(after, "after");
  const { world, ops } = before.trace;
  if (!sameData(world, after.trace.world) || !sameData(ops, after.trace.ops)) {
    throw new IncomparableError("before and after are not recordings of the same trace");
  }
  const differential = new Differential();
  const was = new RecordingFeed(before);
  const is = new RecordingFeed(after);
  differential.reset(world);
  for (const [index, op] of ops.entries()) {
    differential.judge(op, was.show(index), is.show(index));
    if (was.isOver || is.isOver) break;
  }
  return {
    findings: judgeFindings(differential.before.findings, differential.after.findings).map(
      (finding) => finding.plain(),
    ),
    notComparable: differential.notComparable,
    firstDifference: firstDifference(before.steps, after.steps),
    retention: {
      before: { ...differential.before.retention },
      after: { ...differential.after.retention },
    },
  };
}
