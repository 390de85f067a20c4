import type { Side } from "../../../src/oracle/severity.ts";
import type { Trace } from "../../../src/trace/trace.ts";
import type { CampaignSummary, ReportFinding, SideRecording } from "../../data.ts";
import { showStep } from "./keys.ts";
import { modelSides } from "./sandbox/bench.ts";
import { type Work, workOf } from "./sandbox/work.ts";

/** Something that shows at a step of one side. */
export type Found = Pick<ReportFinding, "side" | "step" | "symptom" | "detail">;

/** A trace on both sides, which a page goes through step by step. */
export interface Subject extends Readonly<Record<Side, SideRecording>> {
  readonly trace: Trace;
  /** What ran on each side. */
  readonly names: Readonly<Record<Side, string>>;
  readonly found: readonly Found[];
  /** What each side's tracking does in each step. */
  readonly work: Readonly<Record<Side, Work>>;
  /** Shows another step of it. */
  show(step: number): void;
}

/** A finding of a report as such a subject; its address names the step. */
export function subjectOf(campaign: CampaignSummary, finding: ReportFinding): Subject {
  const { trace, before, after } = finding;
  const names = {
    before: before.backend ?? campaign.before,
    after: after.backend ?? campaign.after,
  };
  return {
    trace,
    before,
    after,
    names,
    found: [finding],
    work: workOf(trace, modelSides(campaign, finding), finding),
    show: (step) => showStep(finding, step),
  };
}
