import type { Campaign } from "../../fuzz/summary.ts";
import {
  type Baseline,
  type BaselineEntry,
  type GateOutcome,
  type GateProblem,
  isUnexpected,
  reasonOf,
} from "../../src/gate.ts";
import type { CampaignFinding } from "../../src/oracle/finding.ts";
import { grouped, plural } from "../numbers.ts";
import { bySeverity } from "../../src/oracle/severity.ts";

/**
 * What a baseline makes of a finding; all but `known` and `noted` fail a gate. What is noted has
 * no entry and needs none: it shows only where the sides had parted, or both sides share it and
 * nobody has begun a baseline for the pair.
 */
export type Standing = "known" | "noted" | GateProblem["fault"];

/** One signature of a campaign or of its baseline, judged. */
export interface JudgedSignature {
  readonly signature: string;
  readonly verdict: string;
  readonly symptom: string;
  readonly cause: string;
  readonly standing: Standing;
  /** One sentence: what was seen, or why the gate fails on it. */
  readonly detail: string;
  /** Why it is accepted, and the upstream reference, where the baseline has it. */
  readonly reason: string | null;
  readonly ref: string | null;
  /** What the campaign kept of it; null when only the baseline knows it. */
  readonly seen: CampaignFinding | null;
}

/** A campaign and what its baseline says of it: what every machine format is made from. */
export interface JudgedReport {
  readonly campaign: Campaign;
  /** No signature is new, vanished or changed, and no goal was missed. */
  readonly passed: boolean;
  /** Those that fail the gate first; then the graver. */
  readonly signatures: readonly JudgedSignature[];
}

/**
 * Lays a campaign, its baseline and the gate's judgement together. Entries that the campaign did
 * not meet are listed too, so that a report has the same signatures from run to run. Without a
 * gate outcome, what no entry names is new and all else known.
 */
export function judgedReport(
  campaign: Campaign,
  baseline: Baseline,
  outcome: Pick<GateOutcome, "problems"> = { problems: [] },
): JudgedReport {
  const entries = new Map(baseline.entries.map((entry) => [entry.signature, entry]));
  const seen = new Map(campaign.findings.map((finding) => [finding.signature, finding]));
  const problems = new Map(outcome.problems.map((problem) => [problem.signature, problem]));
  const names = new Set([...problems.keys(), ...seen.keys(), ...entries.keys()]);
  const signatures = [...names].map((name) =>
    judge(name, baseline, problems.get(name), seen.get(name), entries.get(name)),
  );
  signatures.sort((a, b) => rank(a) - rank(b) || bySeverity(a, b));
  const passed = campaign.goalsMissed.length === 0 && signatures.every((one) => !fails(one));
  return { campaign, passed, signatures };
}

/** Whether a gate fails on it. */
export function fails({ standing }: JudgedSignature): boolean {
  return standing !== "known" && standing !== "noted";
}

function rank(one: JudgedSignature): number {
  return fails(one) ? 0 : 1;
}

function judge(
  signature: string,
  baseline: Baseline,
  problem: GateProblem | undefined,
  seen: CampaignFinding | undefined,
  entry: BaselineEntry | undefined,
): JudgedSignature {
  const [verdict = "", symptom = "", ...cause] = signature.split(":");
  return {
    signature,
    verdict,
    symptom,
    cause: cause.join(":"),
    standing: problem?.fault ?? standingOf(baseline, seen, entry),
    detail: problem?.detail ?? seen?.detail ?? "not met by this campaign",
    reason: entry === undefined ? null : reasonOf(entry),
    ref: entry?.ref ?? null,
    seen: seen ?? null,
  };
}

function standingOf(
  baseline: Baseline,
  seen: CampaignFinding | undefined,
  entry: BaselineEntry | undefined,
): "known" | "noted" | "new" {
  if (entry !== undefined) return "known";
  return seen !== undefined && !isUnexpected(baseline, seen) ? "noted" : "new";
}

/** How often and where a campaign saw it, in words. */
export function sightingText({ seen }: JudgedSignature): string {
  if (seen === null) return "The campaign did not meet it.";
  const first = `first run ${grouped(seen.firstRun)}`;
  return `In ${plural(seen.count, "run")}, ${first}; step ${seen.step}, ${seen.side}: ${seen.detail}`;
}

/** The sentences that every format says of a signature. */
export function explanation(one: JudgedSignature): string[] {
  return [
    ...(fails(one) ? [`${one.standing}: ${one.detail}`] : []),
    ...(one.verdict === "parted"
      ? ["No statement about either design: the sides had parted."]
      : []),
    sightingText(one),
    ...(one.reason === null ? [] : [`Accepted because: ${one.reason}`]),
    ...(one.ref === null ? [] : [`Reference: ${one.ref}`]),
    ...(one.reason !== null && one.ref === null ? ["Reference: none was found."] : []),
  ];
}

/** What was compared, and how the gate ended, in one line. */
export function verdictLine({ campaign, passed, signatures }: JudgedReport): string {
  const failing = signatures.filter(fails).length;
  const missed = campaign.goalsMissed.length;
  const counted = signatures.filter((one) => one.seen !== null || fails(one)).length;
  const unmet = signatures.length - counted;
  const why = [
    ...(failing === 0 ? [] : [`${grouped(failing)} of ${plural(counted, "finding")} unexpected`]),
    ...(missed === 0 ? [] : [`${plural(missed, "goal")} missed`]),
  ];
  const fine =
    counted === 1 ? "the one finding is expected" : `all ${grouped(counted)} findings expected`;
  const outcome = passed ? (counted === 0 ? "no finding" : fine) : why.join(", ");
  const rest = unmet === 0 ? "" : `; ${grouped(unmet)} more accepted, not met`;
  return `${campaign.before} against ${campaign.after}, ${plural(campaign.runs, "run")}: ${outcome}${rest}`;
}
