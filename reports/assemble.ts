import type { Coverage } from "../src/trace/coverage.ts";
import { type Baseline, type BaselineEntry, type GateOutcome, reasonOf } from "../src/gate.ts";
import type { ScheduleDocument } from "../src/races/document.ts";
import type { Side } from "../src/oracle/finding.ts";
import type { Replay } from "../src/replay.ts";
import type { Arena } from "./arena.ts";
import {
  bareStep,
  type FindingStatus,
  type KernelResult,
  type ReportClaim,
  type ReportData,
  type ReportFinding,
} from "./data.ts";
import type { Matrix } from "./matrix.ts";
import type { ReproInput } from "./repro/input.ts";
import { bothSides } from "./sides.ts";
import type { CampaignView } from "./view.ts";

/** What a report is made of. */
export interface ReportSources {
  readonly view: CampaignView;
  /** The accepted findings, the gate's judgement, and each entry's trace run again; or null. */
  readonly gate: {
    readonly baseline: Baseline;
    readonly outcome: GateOutcome;
    readonly replays: ReadonlyMap<string, Replay>;
  } | null;
  /** What reproducers are made from, by signature; without, there are none. */
  readonly repro?: ReadonlyMap<string, ReproInput>;
  /** What kernels came to on the trace of a reproducer. */
  readonly kernelsOf?: (input: ReproInput) => readonly KernelResult[];
  readonly claims?: readonly ReportClaim[];
  readonly arena?: Arena;
  readonly matrix?: Matrix;
  readonly coverage?: Coverage;
  readonly races?: readonly ScheduleDocument[];
}

/** Joins a campaign and a baseline into what a report shows. */
export function assembleReport(sources: ReportSources): ReportData {
  const { format: _format, findings: _findings, residual, ...campaign } = sources.view.campaign;
  const { gate, claims, arena, matrix, coverage, races } = sources;
  return {
    campaign: { ...campaign, residualChance: residual.chance },
    gate: gate?.outcome ?? null,
    findings: [...metFindings(sources), ...unmetFindings(sources)],
    ...(claims === undefined ? {} : { claims }),
    ...(arena === undefined ? {} : { arena }),
    ...(matrix === undefined ? {} : { matrix }),
    ...(coverage === undefined ? {} : { coverage }),
    ...(races === undefined ? {} : { races }),
  };
}

/** The campaign's findings, with the baseline's reason where it accepts them. */
function metFindings(sources: ReportSources): ReportFinding[] {
  const { view, gate } = sources;
  return view.findings.map(({ finding, replay }) => {
    const entry = gate?.baseline.entries.find((one) => one.signature === finding.signature);
    return {
      ...finding,
      ...(entry === undefined ? {} : { reason: reasonOf(entry), ref: entry.ref }),
      status:
        gate === null || finding.parted ? null : statusOf(finding.signature, entry, gate.outcome),
      ...sidesOf(replay, finding.signature, sources),
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

/** Whether an entry's own trace ran on the campaign's sides (of a kernel it runs on a model), or fails the gate. */
function concerns(
  signature: string,
  { campaign }: CampaignView,
  { outcome, replays }: NonNullable<ReportSources["gate"]>,
): boolean {
  const replay = replays.get(signature);
  const isOwn = replay?.before === campaign.before && replay.after === campaign.after;
  return isOwn || outcome.problems.some((problem) => problem.signature === signature);
}

/** The baseline's entries that the campaign did not meet, by what their own traces show. */
function unmetFindings(sources: ReportSources): ReportFinding[] {
  const { view, gate } = sources;
  if (gate === null) return [];
  const met = new Set(view.findings.map(({ finding }) => finding.signature));
  return gate.baseline.entries
    .filter(({ signature }) => !met.has(signature) && concerns(signature, view, gate))
    .map((entry) => {
      const { signature, verdict, symptom, cause, trace, ref } = entry;
      const replay = gate.replays.get(signature);
      if (replay === undefined) throw new Error(`${signature} was not replayed`);
      const judged = replay.findings.find((one) => one.signature === signature);
      const problem = gate.outcome.problems.find((one) => one.signature === signature);
      return {
        signature,
        verdict,
        symptom,
        cause,
        trace,
        ref,
        reason: reasonOf(entry),
        count: 0,
        firstRun: null,
        side: judged?.side ?? (verdict === "introduced" ? "after" : "before"),
        step: judged?.step ?? Math.max(0, trace.ops.length - 1),
        parted: judged?.parted ?? false,
        detail: problem?.detail ?? judged?.detail ?? "",
        status: statusOf(signature, entry, gate.outcome),
        ...sidesOf(replay, signature, sources),
      };
    });
}

/** Both sides, each with what its recording shows behind the trace's own steps, and what kernels showed. */
function sidesOf(
  replay: Replay,
  signature: string,
  { repro, kernelsOf }: ReportSources,
): Pick<ReportFinding, Side | "kernels"> {
  const input = repro?.get(signature);
  const sides = bothSides(replay);
  if (input === undefined) return sides;
  const side = (name: Side) => {
    const own = sides[name];
    return { ...own, ending: input[name].steps.slice(own.steps.length).map(bareStep) };
  };
  const kernels = kernelsOf?.(input) ?? [];
  return {
    before: side("before"),
    after: side("after"),
    ...(kernels.length === 0 ? {} : { kernels }),
  };
}
