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

/** What a recording was made by, as it says itself: a backend id, or a kernel release. */
export function sideId(recording: Recording, fallback: string): string {
  return recording.backend ?? recording.kernel?.release ?? fallback;
}

/** A side in words: the kernel that ran, as uname(1) has its release, a tree's code, or the model that was asked. */
export function sideName(recording: Recording, fallback: string): string {
  const { kernel, backend } = recording;
  if (kernel !== undefined) {
    const isTree = backend?.startsWith("tree:") === true;
    return isTree ? `the code of ${kernel.release} in a process` : `Linux ${kernel.release}`;
  }
  return backend === undefined ? fallback : `the model ${backend}`;
}

/** Throws when the recordings are not of the finding's closed trace: the caller's mistake. */
export function assertRecorded(input: ReproInput): void {
  const wanted = JSON.stringify(closedTrace(input.finding.trace).ops);
  for (const recording of [input.before, input.after]) {
    if (JSON.stringify(recording.trace.ops) === wanted) continue;
    throw new Error(`${input.finding.signature}: a recording is not of its closed trace`);
  }
}
