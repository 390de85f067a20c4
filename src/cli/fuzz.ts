import { join } from "node:path";
import { type CampaignResult, runCampaign } from "../../fuzz/campaign.ts";
import { loadSaved, saveResult } from "../../fuzz/corpus.ts";
import { reachableGoals } from "../../fuzz/goals.ts";
import { traceOfRun } from "../../fuzz/arbitrary.ts";
import { faultedTraceOfRun, idiomTraceOfRun, type TraceSource } from "../../fuzz/sources.ts";
import { campaignText } from "../../reports/campaigntext.ts";
import { ANSI, PLAIN } from "../../reports/paint.ts";
import { openPair } from "./backends.ts";
import { acceptedSignatures } from "./baseline.ts";
import { differentialOf, viewCampaign } from "./campaign.ts";
import { EXIT, type Io, oneLine } from "./io.ts";
import { ProgressLine } from "./progress.ts";

export interface FuzzOptions {
  readonly before: string;
  readonly after: string;
  readonly runs?: number;
  readonly time?: number;
  readonly seed: number;
  readonly out: string;
  readonly json?: boolean;
  /** Tell one allocation of every trace to fail. */
  readonly faults?: boolean;
  /** Traces of driver idioms instead of system calls alone. */
  readonly idioms?: boolean;
}

/** How many traces a campaign without --runs and --time runs. */
const DEFAULT_RUNS = 3000;

/** Searches for differences, saves what it finds, and says which of it nobody has accepted. */
export async function fuzz(io: Io, options: FuzzOptions): Promise<number> {
  const accepted = await acceptedSignatures();
  const pair = await openPair(options);
  const { before, after } = pair;
  const saved = await loadSaved(options.out, before.id, after.id);
  const progress = new ProgressLine(io);
  const result = await runCampaign({
    before: before.id,
    after: after.id,
    seed: options.seed,
    differential: differentialOf(pair),
    ...(options.time !== undefined
      ? { milliseconds: options.time * 1000 }
      : { runs: options.runs ?? DEFAULT_RUNS }),
    // The goals are about what system calls do to the mappings of resource files.
    goals: options.idioms === true ? [] : reachableGoals([before.design, after.design]),
    traceOf: sourceOf(options),
    saved,
    signal: io.interrupted,
    onProgress: (state) => progress.show(state),
  });
  progress.clear();
  await saveResult(options.out, result);
  announce(io, result, options.out);
  const { campaign } = result;
  if (options.json === true) await io.out(`${JSON.stringify(campaign)}\n`);
  else {
    const latest = join(options.out, "latest");
    const view = await viewCampaign(campaign, pair, accepted, latest);
    await io.out(campaignText(view, io.colour ? ANSI : PLAIN));
  }
  if (result.interrupted) return EXIT.interrupted;
  const unknown = campaign.findings.some(({ signature }) => !accepted.has(signature));
  return unknown || campaign.goalsMissed.length > 0 ? EXIT.divergence : EXIT.ok;
}

function sourceOf({ faults, idioms }: FuzzOptions): TraceSource {
  if (faults === true) return faultedTraceOfRun;
  return idioms === true ? idiomTraceOfRun : traceOfRun;
}

function announce(io: Io, { gone, interrupted, campaign }: CampaignResult, out: string): void {
  for (const { signature } of gone) {
    io.err(
      `saved finding no longer shows: ${oneLine(signature)} (moved to ${join(out, "gone")})\n`,
    );
  }
  if (interrupted) io.err(`interrupted after ${campaign.runs} runs; saved in ${out}\n`);
}
