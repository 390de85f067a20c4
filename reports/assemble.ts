import type { Campaign } from "../fuzz/summary.ts";
import type { Baseline, BaselineEntry, GateOutcome } from "../src/gate.ts";
import type { CampaignFinding, JudgedFinding } from "../src/oracle/finding.ts";
import type { Design, Recording } from "../src/trace/recording.ts";
import type { Trace } from "../src/trace/trace.ts";
import type { CopyTexts, FindingStatus, ReportData, ReportFinding, SideRecording } from "./data.ts";

/** What a report is made of. */
export interface ReportSources {
  readonly campaign: Campaign;
  /** The accepted findings, the gate's judgement, and each entry's trace judged again; or null. */
  readonly gate: {
    readonly baseline: Baseline;
    readonly outcome: GateOutcome;
    readonly replays: ReadonlyMap<string, readonly JudgedFinding[]>;
  } | null;
  /** Records a trace on a backend by its id, with contexts where a model shows them. */
  readonly record: (backend: string, trace: Trace) => Recording | Promise<Recording>;
  readonly texts?: (finding: CampaignFinding | BaselineEntry) => CopyTexts;
  readonly residualChance?: number;
}

/** A finding before its trace is recorded. */
type Unrecorded = Omit<ReportFinding, "before" | "after"> & {
  readonly on: { readonly before: string; readonly after: string };
};

/** Joins a campaign and a baseline into what a report shows, and records every trace anew. */
export async function assembleReport(sources: ReportSources): Promise<ReportData> {
  const { campaign, gate, residualChance } = sources;
  const { format: _format, findings: _findings, ...summary } = campaign;
  const findings: ReportFinding[] = [];
  for (const { on, ...finding } of [...metFindings(sources), ...unmetFindings(sources)]) {
    const before = sideRecording(await sources.record(on.before, finding.trace));
    const after = sideRecording(await sources.record(on.after, finding.trace));
    findings.push({ ...finding, before, after });
  }
  return {
    campaign: residualChance === undefined ? summary : { ...summary, residualChance },
    gate: gate?.outcome ?? null,
    findings,
  };
}

/** The campaign's findings, with the baseline's reason where it accepts them. */
function metFindings({ campaign, gate, texts }: ReportSources): Unrecorded[] {
  const { before, after } = campaign;
  return campaign.findings.map((finding) => {
    const entry = gate?.baseline.entries.find((one) => one.signature === finding.signature);
    return {
      ...finding,
      ...(entry === undefined ? {} : { reason: entry.reason, ref: entry.ref }),
      ...(texts === undefined ? {} : { texts: texts(finding) }),
      status: gate === null ? null : statusOf(finding.signature, entry, gate.outcome),
      on: { before, after },
    };
  });
}

/** What the gate says of a signature; one that it neither knows nor calls new is a changed one. */
function statusOf(
  signature: string,
  entry: BaselineEntry | undefined,
  outcome: GateOutcome,
): FindingStatus {
  const problem = outcome.problems.find((one) => one.signature === signature);
  return problem?.fault ?? (entry === undefined ? "changed" : "known");
}

/** The baseline's entries that the campaign did not meet, by what their own traces show. */
function unmetFindings({ campaign, gate, texts }: ReportSources): Unrecorded[] {
  if (gate === null) return [];
  const met = new Set(campaign.findings.map((finding) => finding.signature));
  return gate.baseline.entries
    .filter((entry) => !met.has(entry.signature))
    .map((entry) => {
      const { before, after, ...accepted } = entry;
      const { signature, verdict, trace } = entry;
      const judged = gate.replays.get(signature)?.find((one) => one.signature === signature);
      const problem = gate.outcome.problems.find((one) => one.signature === signature);
      return {
        ...accepted,
        ...(texts === undefined ? {} : { texts: texts(entry) }),
        count: 0,
        firstRun: null,
        side: judged?.side ?? (verdict === "introduced" ? "after" : "before"),
        step: judged?.step ?? Math.max(0, trace.ops.length - 1),
        parted: judged?.parted ?? false,
        detail: problem?.detail ?? judged?.detail ?? "",
        status: statusOf(signature, entry, gate.outcome),
        on: { before, after },
      };
    });
}

function sideRecording(recording: Recording): SideRecording {
  const { backend, kernel, steps } = recording;
  const design = kernel?.design ?? shownDesign(recording);
  return {
    steps,
    ...(backend === undefined && kernel === undefined
      ? {}
      : { backend: backend ?? `kernel:${kernel?.release}` }),
    ...(design === undefined ? {} : { design }),
  };
}

/** Each design shows something that the other does not have. */
function shownDesign({ steps }: Recording): Design | undefined {
  if (steps.some((step) => step.contexts !== undefined)) return "kref";
  const vmas = steps.flatMap((step) => Object.values(step.vmas).flat());
  return vmas.some((vma) => vma.pat !== undefined) ? "vm-pat" : undefined;
}
