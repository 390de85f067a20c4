import { runCampaign } from "../../fuzz/campaign.ts";
import { LostFinding } from "../../fuzz/witness.ts";
import { loadCampaign, RESULTS_DIR } from "../results/findings.ts";
import { goalsBeyond } from "../../fuzz/reachable.ts";
import { SOURCES } from "../../fuzz/sources.ts";
import type { Campaign } from "../../fuzz/summary.ts";
import { beginText } from "../../reports/view.ts";
import {
  acceptEntry,
  type Baseline,
  type BaselineEntry,
  baselineOf,
  type GateProblem,
  judgeGate,
} from "../gate.ts";
import type { JudgedFinding } from "../oracle/finding.ts";
import type { Sides } from "../trace/read.ts";
import { SCENARIOS } from "../scenarios/index.ts";
import { UserError } from "../usererror.ts";
import { isModel, type Pair, withPair } from "./backends.ts";
import { begunBaseline, checkedRef, ownBaseline, readBaseline, sidesOfPair } from "./baseline.ts";
import { replayOn } from "./bothsides.ts";
import { outcomeText } from "./gatetext.ts";
import { rootsOfNew, type ShownProblem } from "./gateroots.ts";
import { Crashes } from "./gatecrashes.ts";
import { differentialOf } from "./campaign.ts";
import { kernelsOf, modelsOf } from "./kernelcampaign.ts";
import { kernelExecutor } from "./kernelexecutor.ts";
import { knownToKernels } from "./leftout.ts";
import { writeText } from "./files.ts";
import { EXIT, type Io } from "./io.ts";
import { LiveLine, progressText } from "./progress.ts";
import { faultsOf, sidesOf } from "./scenarios.ts";
import { type SourceOptions, sourceFor } from "./sourcefor.ts";

export interface GateOptions extends SourceOptions {
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
  const sides = await sidesOfPair(pair, io);
  if (options.accept !== undefined) {
    const known = await begunBaseline(path);
    const changed = await accepted(io, known, pair, sides, options, options.accept);
    await writeText(path, `${JSON.stringify(changed.baseline, null, 2)}\n`);
    await io.out(`${changed.what} (${path})\n`);
    return EXIT.ok;
  }
  const baseline = baselineOf(await readBaseline(path), sides);
  const crashes = new Crashes();
  const replays = new Map<string, readonly JudgedFinding[]>();
  for (const entry of baseline.entries) {
    try {
      replays.set(entry.signature, await findingsOf(entry, sides));
    } catch (error) {
      crashes.keep(error, entry.trace, sides);
      replays.set(entry.signature, []);
    }
  }
  const scenarioProblems = await changedScenarios(crashes);
  const campaign = await steadyCampaignOf(io, pair, options, crashes);
  if (io.interrupted.aborted) return EXIT.interrupted;
  const outcome = judgeGate(baseline, { replays, campaign: campaign?.findings ?? [] });
  const findings = outcome.problems.map((problem) => ({
    ...problem,
    ...shownBy(problem, baseline, sides, replays, campaign),
  }));
  const thrown = await crashes.problems();
  const problems = [...scenarioProblems, ...thrown, ...findings];
  const passed = problems.length === 0;
  const goalsMissed = campaign?.goalsMissed ?? [];
  if (passed && goalsMissed.length > 0) {
    throw new UserError(
      `gate: ${options.runs} runs of seed ${options.seed} are too few to pass: they never reached ` +
        `${goalsMissed.join(", ")} (give more --runs)`,
    );
  }
  // A root is told by how its witness ends, to which a design that throws may not come.
  const roots = thrown.length > 0 ? [] : await rootsOfNew(findings);
  if (options.json === true) {
    await io.out(`${JSON.stringify({ ...outcome, passed, problems, roots, goalsMissed })}\n`);
  } else {
    await io.out(outcomeText(outcome.held, problems, roots, options));
    if (baseline.entries.length === 0) await io.out(`${beginText(sides)}\n`);
  }
  return passed ? EXIT.ok : EXIT.divergence;
}

/** Scenarios that are not as expected, as problems of the gate. */
async function changedScenarios(crashes: Crashes): Promise<ShownProblem[]> {
  const problems: ShownProblem[] = [];
  for (const scenario of SCENARIOS) {
    const { name, trace } = scenario;
    try {
      const [detail] = await faultsOf(scenario);
      if (detail === undefined) continue;
      const signature = `scenario:${name}`;
      problems.push({ fault: "changed", signature, detail, trace, ...sidesOf(scenario) });
    } catch (error) {
      crashes.keep(error, trace, sidesOf(scenario));
    }
  }
  return problems;
}

/** What an entry's trace shows of the models of the pair that is judged. */
async function findingsOf(
  { trace }: Pick<BaselineEntry, "trace">,
  sides: Sides,
): Promise<readonly JudgedFinding[]> {
  return withPair(sides, async (pair) => (await replayOn(pair, trace)).findings);
}

/** The gate's campaign; null where a design remembers what ran before, which is kept. */
async function steadyCampaignOf(
  ...[io, pair, options, crashes]: Parameters<typeof campaignOf>
): Promise<Campaign | null> {
  try {
    return await campaignOf(io, pair, options, crashes);
  } catch (error) {
    if (!(error instanceof LostFinding)) throw error;
    crashes.keep(error, error.trace, { before: pair.before.id, after: pair.after.id });
    return null;
  }
}

/** gateOn() has said which models stand for kernels. */
const alreadyTold = (): void => undefined;

async function campaignOf(
  io: Io,
  pair: Pair,
  options: GateOptions,
  crashes: Crashes,
): Promise<Campaign> {
  const { before, after } = pair;
  const models = await modelsOf(pair, alreadyTold);
  const sides = { before: before.id, after: after.id };
  const areModels = isModel(before) && isModel(after);
  const areRecorded = kernelsOf(pair).length > 0;
  const drawn = SOURCES[sourceFor(pair, options)];
  const traceOf = await knownToKernels([before, after], drawn, (line) => io.err(line));
  const differential = areModels
    ? crashes.guarded(sides, () => differentialOf(pair))
    : differentialOf(pair);
  const progress = new LiveLine(io);
  const { campaign } = await runCampaign({
    ...sides,
    seed: options.seed,
    runs: options.runs,
    differential,
    traceOf,
    ...(areRecorded ? { executor: kernelExecutor(pair, models, options.seed, traceOf) } : {}),
    leftOut: await goalsBeyond(areModels ? differential : differentialOf(models)),
    signal: io.interrupted,
    onProgress: (state) => progress.show(() => progressText(state)),
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
  sides: Sides,
  options: GateOptions,
  signature: string,
): Promise<{ baseline: Baseline; what: string }> {
  const known = baselineOf(baseline, sides).entries.find((one) => one.signature === signature);
  const shows = (findings: readonly JudgedFinding[]) =>
    findings.some((finding) => finding.signature === signature);
  if (known !== undefined && !shows(await findingsOf(known, sides))) {
    const entries = baseline.entries.filter((entry) => entry !== known);
    return { baseline: { ...baseline, entries }, what: `removed ${signature}, which is gone` };
  }
  const reason = options.reason?.trim() ?? "";
  if (reason === "") throw new UserError("--accept: no entry without a reason (add --reason TEXT)");
  const ref = options.ref === undefined ? {} : { ref: checkedRef(options.ref.trim()) };
  const entry = known ?? { ...(await newEntry(io, pair, options, signature)), ...sides };
  return {
    baseline: acceptEntry(baseline, { ...entry, reason, ...ref }),
    what: `accepted ${signature}`,
  };
}

/** The signature as the last saved campaign saw it, or else as the gate's own campaign does. */
async function newEntry(
  io: Io,
  pair: Pair,
  options: GateOptions,
  signature: string,
): Promise<Pick<BaselineEntry, "signature" | "verdict" | "symptom" | "cause" | "trace">> {
  const sources = [() => latestOf(pair), () => campaignOf(io, pair, options, new Crashes())];
  for (const source of sources) {
    const campaign = await source();
    const found = campaign?.findings.find((finding) => finding.signature === signature);
    if (campaign === null || found === undefined) continue;
    const { verdict, symptom, cause, trace } = found;
    if (verdict === "parted") {
      throw new UserError(
        `--accept: ${signature} shows only where the sides had parted: nothing fails on it`,
      );
    }
    return { signature, verdict, symptom, cause, trace };
  }
  throw new UserError(
    `--accept: ${JSON.stringify(signature)} was found neither by the last campaign in ` +
      `${RESULTS_DIR} nor by the gate's own (run pfndiff fuzz with the seed that finds it first)`,
  );
}

async function latestOf({ before, after }: Pair): Promise<Campaign | null> {
  try {
    const { campaign } = await loadCampaign(RESULTS_DIR);
    return campaign.before === before.id && campaign.after === after.id ? campaign : null;
  } catch (error) {
    // No saved campaign, or one that cannot be read: the gate runs its own.
    if (error instanceof UserError) return null;
    throw error;
  }
}

/** What shows a problem: a trace and the backends it is run on. */
type Shown = Pick<BaselineEntry, "trace" | "before" | "after">;

/** The entry that no longer holds, the campaign's minimal trace, or the entry that shows it too. */
function shownBy(
  { signature }: GateProblem,
  { entries }: Baseline,
  sides: Sides,
  replays: ReadonlyMap<string, readonly JudgedFinding[]>,
  campaign: Campaign | null,
): Shown {
  const names = (found: { signature: string }) => found.signature === signature;
  const entry = entries.find(names);
  const found = campaign?.findings.find(names);
  if (entry === undefined && campaign !== null && found !== undefined) {
    return { trace: found.trace, before: campaign.before, after: campaign.after };
  }
  const shown = entry ?? entries.find((other) => replays.get(other.signature)?.some(names));
  if (shown === undefined) throw new Error(`no trace shows ${signature}`);
  return { trace: shown.trace, ...sides };
}
