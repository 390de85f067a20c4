import type { CampaignFinding } from "../../src/oracle/finding.ts";
import type { Recording } from "../../src/trace/recording.ts";
import { closedTrace } from "../../src/trace/closed.ts";

/** What a reproducer needs to know of a finding; every CampaignFinding will do. */
export type ReproFinding = Pick<
  CampaignFinding,
  "signature" | "symptom" | "verdict" | "side" | "step" | "detail" | "trace"
>;

/** A finding and what both sides showed on `closedTrace(finding.trace)`. */
export interface ReproInput {
  readonly finding: ReproFinding;
  readonly before: Recording;
  readonly after: Recording;
}

/** A side's name as its recording gives it: a backend id, or a kernel release. */
export function sideName(recording: Recording, fallback: string): string {
  return recording.backend ?? recording.kernel?.release ?? fallback;
}

/** Throws when the recordings are not of the finding's closed trace: the caller's mistake. */
export function assertRecorded(input: ReproInput): void {
  const wanted = JSON.stringify(closedTrace(input.finding.trace).ops);
  for (const recording of [input.before, input.after]) {
    if (JSON.stringify(recording.trace.ops) === wanted) continue;
    throw new Error(`${input.finding.signature}: a recording is not of its closed trace`);
  }
}
