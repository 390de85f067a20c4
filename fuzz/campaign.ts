import type { CampaignFinding, JudgedFinding } from "../src/oracle/finding.ts";
import type { Trace } from "../src/trace/trace.ts";
import { traceOfRun } from "./arbitrary.ts";
import type { Difference, Differential } from "./differential.ts";
import { GOALS, type Goal } from "./goals.ts";
import { type Campaign, campaignDigest } from "./summary.ts";
import { shrinkLater } from "./shrink.ts";
import type { TraceSource } from "./sources.ts";
import { runsOf, type Sighting, type Tally, Tallier } from "./tally.ts";

/** What makes two campaigns the same one. */
export interface CampaignIdentity {
  /** Ids of the backends. */
  readonly before: string;
  readonly after: string;
  /** A safe integer >= 0. */
  readonly seed: number;
}

/** A finding of an earlier campaign, to be seen again. */
export interface SavedFinding {
  readonly signature: string;
  readonly trace: Trace;
}

type CampaignPhase = "replay" | "run" | "shrink";

/** How far a campaign is. */
export interface Progress {
  readonly phase: CampaignPhase;
  readonly runs: number;
  readonly ops: number;
  readonly opsPerSecond: number;
  /** Signatures so far. */
  readonly findings: number;
  /** The newest signature and the run that showed it. */
  readonly lastNew: { readonly signature: string; readonly run: number } | null;
  /** Milliseconds until the runs are done, or null when that is not known yet. */
  readonly etaMs: number | null;
}

export interface CampaignOptions extends CampaignIdentity {
  readonly differential: Differential;
  /** Where the traces come from; plain ones unless said otherwise. */
  readonly traceOf?: TraceSource;
  /** Stop after so many runs, or after so many milliseconds, whichever is first. */
  readonly runs?: number;
  readonly milliseconds?: number;
  /** Goals it must reach; all of them unless the pair of designs cannot. */
  readonly goals?: readonly Goal[];
  readonly saved?: readonly SavedFinding[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface CampaignResult {
  readonly campaign: Campaign;
  /** Saved findings that show again, and those that no longer do. */
  readonly reproduced: readonly SavedFinding[];
  readonly gone: readonly SavedFinding[];
  /** The signal ended it before its runs were done. */
  readonly interrupted: boolean;
}

/** How often a campaign looks up from its work, in milliseconds. */
const TURN_MS = 50;

/** Lets timers, signals and the terminal have their turn. */
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Runs a campaign: saved findings first, then the runs, then each signature is shrunk. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  if (options.runs === undefined && options.milliseconds === undefined) {
    throw new Error("a campaign needs an end: runs or milliseconds");
  }
  const work = new CampaignWork(options);
  const { reproduced, gone } = await replaySaved(options);
  await work.runAll();
  work.report("shrink");
  const campaign = await concludeCampaign(work.tally(), work.elapsedMs(), options);
  return { campaign, reproduced, gone, interrupted: work.interrupted() };
}

/** Runs saved findings again. */
async function replaySaved(
  options: Pick<CampaignOptions, "saved" | "differential">,
): Promise<{ reproduced: SavedFinding[]; gone: SavedFinding[] }> {
  const reproduced: SavedFinding[] = [];
  const gone: SavedFinding[] = [];
  for (const saved of options.saved ?? []) {
    const { findings } = await options.differential(saved.trace);
    const shows = findings.some(({ signature }) => signature === saved.signature);
    (shows ? reproduced : gone).push(saved);
  }
  return { reproduced, gone };
}

/** Tallies a range of runs, from `from` up to `to`: the part of a campaign that one job does. */
export async function tallyRuns(
  seed: number,
  from: number,
  to: number,
  differential: Differential,
  traceOf: TraceSource = traceOfRun,
): Promise<Tally> {
  const tallier = new Tallier();
  for (let run = from; run < to; run++) {
    const trace = traceOf(seed, run);
    tallier.add(run, trace.ops.length, await differential(trace));
  }
  return tallier.tally();
}

/** The runs of a campaign in one process, with its clock and its progress. */
class CampaignWork {
  private readonly options: CampaignOptions;
  private readonly tallier = new Tallier();
  private readonly started = performance.now();
  private runs = 0;
  private runMs = 0;
  private lastNew: Progress["lastNew"] = null;

  constructor(options: CampaignOptions) {
    this.options = options;
  }

  tally(): Tally {
    return this.tallier.tally();
  }

  /** Time spent on runs. */
  elapsedMs(): number {
    return this.runMs;
  }

  interrupted(): boolean {
    return this.options.signal?.aborted === true && this.runs < (this.options.runs ?? Infinity);
  }

  async runAll(): Promise<void> {
    const began = performance.now();
    this.report("replay");
    let turn = began;
    while (!this.isDone()) {
      const found = await this.runOne();
      if (found === null && performance.now() - turn < TURN_MS) continue;
      this.runMs = performance.now() - began;
      this.report("run");
      await nextTurn();
      turn = performance.now();
    }
    this.runMs = performance.now() - began;
  }

  report(phase: CampaignPhase): void {
    this.options.onProgress?.({
      phase,
      runs: this.runs,
      ops: this.tallier.opCount,
      opsPerSecond: perSecond(this.tallier.opCount, this.runMs),
      findings: this.tallier.signatureCount,
      lastNew: this.lastNew,
      etaMs: this.etaMs(),
    });
  }

  private isDone(): boolean {
    const { runs, milliseconds, signal } = this.options;
    if (signal?.aborted === true) return true;
    if (this.runs >= (runs ?? Number.MAX_SAFE_INTEGER)) return true;
    return milliseconds !== undefined && performance.now() - this.started >= milliseconds;
  }

  private async runOne(): Promise<string | null> {
    const run = this.runs++;
    const trace = (this.options.traceOf ?? traceOfRun)(this.options.seed, run);
    const outcome = this.options.differential(trace);
    const difference = outcome instanceof Promise ? await outcome : outcome;
    const signature = this.tallier.add(run, trace.ops.length, difference);
    if (signature !== null) this.lastNew = { signature, run };
    return signature;
  }

  private etaMs(): number | null {
    const { runs, milliseconds } = this.options;
    if (this.runs === 0) return null;
    const byTime = (milliseconds ?? Infinity) - (performance.now() - this.started);
    const byRuns = ((runs ?? Infinity) - this.runs) * (this.runMs / this.runs);
    return Math.max(0, Math.min(byTime, byRuns));
  }
}

function perSecond(ops: number, ms: number): number {
  return ms === 0 ? 0 : Math.round((ops * 1000) / ms);
}

/** The campaign of a whole tally: each signature with its minimal trace, and the digest. */
export async function concludeCampaign(
  tally: Tally,
  runMs: number,
  options: CampaignIdentity & Pick<CampaignOptions, "differential" | "goals" | "traceOf">,
): Promise<Campaign> {
  const { before, after, seed, differential, traceOf = traceOfRun } = options;
  const findings: CampaignFinding[] = [];
  for (const [signature, sighting] of Object.entries(tally.sightings)) {
    findings.push(
      await minimalFinding(signature, sighting, differential, (run) => traceOf(seed, run)),
    );
    await nextTurn();
  }
  const runs = runsOf(tally);
  const reached = GOALS.map((goal, bit) => [goal, tally.goals[bit] ?? 0] as const);
  const expected = options.goals ?? GOALS;
  return {
    format: "pfndiff/campaign@1",
    before,
    after,
    seed,
    runs,
    ops: tally.ops,
    opsPerSecond: perSecond(tally.ops, runMs),
    digest: campaignDigest({ before, after, seed, runs, findings }),
    goals: Object.fromEntries(reached) as Record<Goal, number>,
    goalsMissed: reached.filter(([goal, n]) => n === 0 && expected.includes(goal)).map(([g]) => g),
    notComparable: tally.notComparable,
    retention: tally.retention,
    findings,
  };
}

/**
 * Shrinks the best example of a signature. Where the sides had not parted in it, they do not in
 * what is left of it: there the other side's silence means something.
 */
async function minimalFinding(
  signature: string,
  { count, firstRun, best }: Sighting,
  differential: Differential,
  traceOf: (run: number) => Trace,
): Promise<CampaignFinding> {
  const find = (difference: Difference): JudgedFinding | undefined =>
    difference.findings.find((f) => f.signature === signature && (best.parted || !f.parted));
  const holds = async (trace: Trace) => find(await differential(trace)) !== undefined;
  const whole = traceOf(best.run);
  // Later ops seldom matter, but a verdict may come from what the other side does in them.
  const until = { ...whole, ops: whole.ops.slice(0, best.step + 1) };
  const shrunk = await shrinkLater((await holds(until)) ? until : whole, holds);
  const trace = { ...shrunk, name: signature };
  const finding = find(await differential(trace));
  if (finding === undefined) throw new Error(`${signature} was lost: the differential is unsteady`);
  const { symptom, verdict, cause, side, parted, detail, step } = finding;
  const seen = { signature, symptom, verdict, cause, count, firstRun };
  return { ...seen, side, parted, detail, trace, step };
}
