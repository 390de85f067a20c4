import type { Root } from "../fuzz/roots/root.ts";
import type { Arena } from "./arena.ts";
import type { Matrix } from "./matrix.ts";
import type { Claim } from "../src/claims/claim.ts";
import type { GateOutcome } from "../src/gate.ts";
import type { ScheduleDocument } from "../src/races/document.ts";
import type { CampaignFinding } from "../src/oracle/finding.ts";
import type { Retention } from "../src/oracle/state.ts";
import type { Coverage } from "../src/trace/coverage.ts";
import type { Design, Step } from "../src/trace/recording.ts";

/** What a campaign covered. A pfndiff/campaign@1 object fits as it is. */
export interface CampaignSummary {
  /** Backend ids. */
  readonly before: string;
  readonly after: string;
  readonly seed: number;
  readonly runs: number;
  readonly ops: number;
  readonly opsPerSecond: number;
  readonly digest: string;
  /** Runs that reached each goal, by the goal's name. */
  readonly goals: Readonly<Record<string, number>>;
  readonly goalsMissed: readonly string[];
  /** Which kernels had no model of their own release, one line each. */
  readonly unverified?: readonly string[] | undefined;
  /** Steps whose states could not be compared because the sides had different VMAs. */
  readonly notComparable: number;
  /** What over-retention cost in all runs, after and before, in page-ops and in mappings refused or changed. */
  readonly retention: Retention;
  readonly retentionBefore?: Retention | undefined;
  /** Estimated probability, 0 to 1, that the next run shows a signature never seen. */
  readonly residualChance?: number;
  /** What the findings follow from, gravest first; absent where the campaign was cut short. */
  readonly roots?: readonly Root[] | undefined;
}

/** What came of a finding's program on a kernel: of a recording of its very trace. */
export interface KernelResult {
  readonly release: string;
  readonly passes: boolean;
}

/** What the baseline makes of a finding. */
export const STATUSES = ["new", "changed", "vanished", "known"] as const;

export type FindingStatus = (typeof STATUSES)[number];

/** One side's recording of a finding's trace, a step per op; a model may show contexts. */
export interface SideRecording {
  /** Where it was recorded; the campaign's backend where it does not say. */
  readonly backend?: string;
  /** The whole release of the kernel that ran; absent of a model. */
  readonly kernel?: string;
  readonly design?: Design;
  readonly steps: readonly Step[];
  /** What the exits showed that end every process the trace leaves alive: reproducers are made of it. */
  readonly ending?: readonly Step[] | undefined;
}

/** What of a step a program can see. */
export function bareStep({ result, memtype, vmas, events }: Step): Step {
  return { result, memtype, vmas, events };
}

/** A side as a page is given it: recorded, or made again by a model of the page, which shows the very same. */
export type PackedSide =
  | SideRecording
  | (Omit<SideRecording, "steps" | "ending"> & {
      readonly made: {
        readonly model: string;
        /** With contexts and requests, which no kernel shows. */
        readonly isTold: boolean;
        readonly hasEnding: boolean;
      };
    });

/**
 * A finding with all that a page about it shows. `count` is 0 and `firstRun` null for a baseline
 * entry that the campaign did not meet.
 */
export interface ReportFinding extends Omit<CampaignFinding, "count" | "firstRun"> {
  readonly count: number;
  readonly firstRun: number | null;
  /** Null where there was no baseline. */
  readonly status: FindingStatus | null;
  /** Why it happens and why it is accepted, and where upstream says so: from the baseline. */
  readonly reason?: string;
  readonly ref?: string | undefined;
  /** Kernels that were recorded on the finding's trace; absent where none was. */
  readonly kernels?: readonly KernelResult[];
  readonly before: SideRecording;
  readonly after: SideRecording;
}

/** A claim of the series or its discussion, judged and drawn. */
export type ReportClaim = Claim;

/** Everything that a report shows; renderers need nothing else. */
export interface ReportData {
  readonly campaign: CampaignSummary;
  /** The gate's judgement, or null where there was no baseline to judge by. */
  readonly gate: GateOutcome | null;
  readonly findings: readonly ReportFinding[];
  readonly claims?: readonly ReportClaim[];
  /** What every design came to on the same traces. */
  readonly arena?: Arena;
  /** What the campaign ran of trees' tracking. */
  readonly coverage?: Coverage;
  /** Accepted signatures by release. */
  readonly matrix?: Matrix;
  /** Schedules of two tasks that give what no order of whole ops does, as each ran on a tree. */
  readonly races?: readonly ScheduleDocument[];
}

/** A finding as a page is given it. */
export type PackedFinding = Omit<ReportFinding, "before" | "after"> & {
  readonly before: PackedSide;
  readonly after: PackedSide;
};

/** A report as a page is given it. */
export type PackedReport = Omit<ReportData, "findings"> & {
  readonly findings: readonly PackedFinding[];
};

/** A page without a report: the sandbox alone, and the fragment of what it opens with. */
export interface SandboxData {
  readonly sandbox: string;
  /** A schedule that was saved, which no model can run. */
  readonly recorded?: ScheduleDocument;
}

/** What the viewer is given to show. */
export type PageData = PackedReport | SandboxData;
