import { runCampaign } from "../../fuzz/campaign.ts";
import { loadLatest, RESULTS_DIR } from "../../fuzz/corpus.ts";
import { reachableGoals } from "../../fuzz/goals.ts";
import type { Campaign } from "../../fuzz/summary.ts";
import {
  acceptEntry,
  type Baseline,
  type BaselineEntry,
  type GateOutcome,
  type GateProblem,
  judgeGate,
} from "../gate.ts";
import type { JudgedFinding } from "../oracle/finding.ts";
import { UserError } from "../usererror.ts";
import { isModel, type Pair, withPair } from "./backends.ts";
import { ownBaseline, readBaseline } from "./baseline.ts";
import { replayOn } from "./bothsides.ts";
import { differentialOf } from "./campaign.ts";
import { modelsOf } from "./kernelcampaign.ts";
import { kernelCrew } from "./kernelcrew.ts";
import { writeText } from "./files.ts";
import { EXIT, type Io } from "./io.ts";
import { ProgressLine } from "./progress.ts";

export interface GateOptions {
  readonly baseline?: string;
  readonly accept?: string;
  readonly reason?: string;
  readonly ref?: string;
  readonly before: string;
  readonly after: string;
  readonly runs: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** Fails on any finding that is new, vanished or changed; or accepts one into the baseline. */
export function gate(io: Io, options: GateOptions): Promise<number> {
  return withPair(options, (pair) => gateOn(io, options, pair));
}

async function gateOn(io: Io, options: GateOptions, pair: Pair): Promise<number> {
  const path = options.baseline ?? ownBaseline();
  const baseline = await readBaseline(path);
  if (options.accept !== undefined) {
    const changed = await accepted(io, baseline, pair, options, options.accept);
    await writeText(path, `${JSON.stringify(changed.baseline, null, 2)}\n`);
    await io.out(`${changed.what} (${path})\n`);
    return EXIT.ok;
  }
  const replays = new Map<string, readonly JudgedFinding[]>();
  for (const entry of baseline.entries) replays.set(entry.signature, await findingsOf(entry));
  const campaign = await campaignOf(io, pair, options);
  if (io.interrupted.aborted) return EXIT.interrupted;
  const outcome = judgeGate(baseline, { replays, campaign: campaign.findings });
  const passed = outcome.passed && campaign.goalsMissed.length === 0;
  if (options.json === true) {
    await io.out(`${JSON.stringify({ ...outcome, passed, goalsMissed: campaign.goalsMissed })}\n`);
  } else await io.out(outcomeText(outcome, campaign, passed));
  return passed ? EXIT.ok : EXIT.divergence;
}

async function findingsOf(entry: BaselineEntry): Promise<readonly JudgedFinding[]> {
  return withPair(entry, async (pair) => (await replayOn(pair, entry.trace)).findings);
}

async function campaignOf(io: Io, pair: Pair, options: GateOptions): Promise<Campaign> {
  const { before, after } = pair;
  const models = await modelsOf(pair);
  const progress = new ProgressLine(io);
  const { campaign } = await runCampaign({
    before: before.id,
    after: after.id,
    seed: options.seed,
    runs: options.runs,
    differential: differentialOf(pair),
    ...(isModel(before) && isModel(after) ? {} : { crew: kernelCrew(pair, models, options.seed) }),
    goals: reachableGoals([models.before.design, models.after.design]),
    signal: io.interrupted,
    onProgress: (state) => progress.show(state),
  });
  progress.clear();
  return campaign;
}

/**
 * The baseline after accepting what is now seen of a signature: an entry with a reason, or, when
 * its own trace no longer shows it, one entry less.
 */
async function accepted(
  io: Io,
  baseline: Baseline,
  pair: Pair,
  options: GateOptions,
  signature: string,
): Promise<{ baseline: Baseline; what: string }> {
  const known = baseline.entries.find((entry) => entry.signature === signature);
  if (known !== undefined && !(await findingsOf(known)).some((f) => f.signature === signature)) {
    const entries = baseline.entries.filter((entry) => entry !== known);
    return { baseline: { ...baseline, entries }, what: `removed ${signature}, which is gone` };
  }
  const reason = options.reason?.trim() ?? "";
  const ref = options.ref?.trim() ?? "";
  if (reason === "") throw new UserError("--accept: no entry without a reason (add --reason TEXT)");
  if (ref === "") throw new UserError("--accept: no entry without a reference (add --ref REF)");
  const entry = known ?? (await newEntry(io, pair, options, signature));
  return {
    baseline: acceptEntry(baseline, { ...entry, reason, ref }),
    what: `accepted ${signature}`,
  };
}

/** The signature as the last saved campaign saw it, or else as the gate's own campaign does. */
async function newEntry(
  io: Io,
  pair: Pair,
  options: GateOptions,
  signature: string,
): Promise<Omit<BaselineEntry, "reason" | "ref">> {
  const sources = [() => latestOf(pair), () => campaignOf(io, pair, options)];
  for (const source of sources) {
    const campaign = await source();
    const found = campaign?.findings.find((finding) => finding.signature === signature);
    if (campaign === null || found === undefined) continue;
    const { verdict, symptom, cause, trace } = found;
    const { before, after } = campaign;
    return { signature, verdict, symptom, cause, before, after, trace };
  }
  throw new UserError(
    `--accept: ${JSON.stringify(signature)} was found neither by the last campaign in ` +
      `${RESULTS_DIR} nor by the gate's own (run pfndiff fuzz with the seed that finds it first)`,
  );
}

async function latestOf({ before, after }: Pair): Promise<Campaign | null> {
  try {
    const campaign = await loadLatest(RESULTS_DIR);
    return campaign.before === before.id && campaign.after === after.id ? campaign : null;
  } catch (error) {
    // No saved campaign, or one that cannot be read: the gate runs its own.
    if (error instanceof UserError) return null;
    throw error;
  }
}

const ADVICE: Readonly<Record<GateProblem["fault"], string>> = {
  new: "--reason TEXT --ref REF",
  changed: "(removes the entry; accept what it became with a reason of its own)",
  vanished: "(removes the entry)",
};

function outcomeText(outcome: GateOutcome, campaign: Campaign, passed: boolean): string {
  const { held, problems } = outcome;
  const lines = problems.flatMap(({ fault, signature, detail }) => [
    `${fault.toUpperCase()}  ${signature}`,
    `  ${detail}`,
    `  to accept: npx pfndiff gate --accept '${signature}' ${ADVICE[fault]}`,
  ]);
  if (campaign.goalsMissed.length > 0) {
    lines.push(`GOALS MISSED  ${campaign.goalsMissed.join(", ")} (the campaign was too short)`);
  }
  const seen = `${held} accepted findings hold; campaign of ${campaign.runs} runs, seed ${campaign.seed}`;
  lines.push(`gate ${passed ? "passed" : `FAILED on ${problems.length} findings`}: ${seen}.`);
  return `${lines.join("\n")}\n`;
}
