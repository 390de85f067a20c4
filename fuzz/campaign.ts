import type { Trace } from "../src/trace/trace.ts";
import {
  type CampaignIdentity,
  concludeCampaign,
  perSecond,
  type ShrinkLimits,
} from "./conclude.ts";
import { type Executor, localExecutor, type Stop } from "./executor.ts";
import type { Differential } from "./differential.ts";
import { missingRanges, type PlannedRange, RangePlanner } from "./ranges.ts";
import type { TraceSource } from "./sources.ts";
import type { Campaign, LeftOut } from "./summary.ts";
import { isPartedSignature } from "./witness.ts";
import { EMPTY_TALLY, mergeTallies, type RunRange, runsOf, type Tally } from "./tally.ts";

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
  /** Signatures so far, but for what showed only where the sides had parted. */
  readonly findings: number;
  /** The newest signature and the run that showed it. */
  readonly lastNew: { readonly signature: string; readonly run: number } | null;
  /** Milliseconds until the runs are done, or null when that is not known yet. */
  readonly etaMs: number | null;
  /** Signatures whose least trace has been looked for. */
  readonly shrunk: number;
}

/** What was done before: by an earlier session of the same campaign, or by its shards. */
export interface EarlierWork {
  readonly tally: Tally;
  /** Time spent on it. */
  readonly milliseconds: number;
}

export interface CampaignOptions extends CampaignIdentity {
  readonly differential: Differential;
  /** Where the traces come from; plain ones unless said otherwise. */
  readonly traceOf?: TraceSource;
  /** Who works; this process alone unless said otherwise. */
  readonly executor?: Executor | undefined;
  /** The first run: not 0 for a shard. */
  readonly from?: number;
  /** Stop after so many runs, or after so many milliseconds, whichever is first. */
  readonly runs?: number | undefined;
  readonly milliseconds?: number | undefined;
  /** Whether what was run so far is enough, whatever runs and time are left. */
  readonly isEnough?: ((tally: Tally) => boolean) | undefined;
  readonly earlier?: EarlierWork | undefined;
  /** Cut ranges at multiples of this, so that whoever cuts them gets the same ones. */
  readonly chunk?: number | undefined;
  /** Is told every finished range and the time since the one before, and keeps it. */
  readonly onRange?: (tally: Tally, milliseconds: number) => Promise<void>;
  /** What is worth shrinking, and how long; all of it to the end unless told. */
  readonly limits?: ShrinkLimits | undefined;
  /** Goals it is not held to. */
  readonly leftOut?: readonly LeftOut[];
  readonly unverified?: readonly string[];
  readonly witnesses?: ReadonlyMap<string, Trace>;
  readonly saved?: readonly SavedFinding[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface CampaignResult {
  readonly campaign: Campaign;
  /** Saved findings that show again, and those that no longer do. */
  readonly reproduced: readonly SavedFinding[];
  readonly gone: readonly SavedFinding[];
  /** The signal came before it was done. */
  readonly interrupted: boolean;
}

/** Runs a campaign: saved findings first, then the runs, then each signature is shrunk. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  if (options.runs === undefined && options.milliseconds === undefined) {
    throw new Error("a campaign needs an end: runs or milliseconds");
  }
  const { differential, seed, traceOf } = options;
  const executor = options.executor ?? localExecutor(seed, differential, traceOf);
  const work = new CampaignWork(options, executor);
  const { reproduced, gone } = await replaySaved(options);
  await work.runAll();
  work.report("shrink");
  const onShrunk = () => {
    work.shrunk++;
    work.report("shrink");
  };
  const concluding = { ...options, executor, onShrunk };
  const campaign = await concludeCampaign(work.tally, work.elapsedMs(), concluding);
  return { campaign, reproduced, gone, interrupted: campaign.interrupted === true };
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

/** The runs of a campaign, with its clock and its progress. */
class CampaignWork {
  /** Of everything that is finished. */
  tally: Tally;
  shrunk = 0;
  private readonly options: CampaignOptions;
  private readonly executor: Executor;
  private readonly whole: RunRange;
  private readonly planner: RangePlanner;
  private readonly started = performance.now();
  private keptAt = this.started;
  private runMs = 0;
  private failed = false;
  private lastNew: Progress["lastNew"] = null;

  constructor(options: CampaignOptions, executor: Executor) {
    const { from = 0, runs, earlier, chunk } = options;
    this.options = options;
    this.executor = executor;
    this.tally = earlier?.tally ?? EMPTY_TALLY;
    this.whole = { from, to: runs === undefined ? Number.MAX_SAFE_INTEGER : from + runs };
    const left = missingRanges(this.whole, this.tally.ranges);
    const finishedTo = this.tally.ranges.at(-1)?.to ?? from;
    const planning = { jobs: executor.jobs, ...(chunk === undefined ? {} : { chunk }) };
    this.planner = new RangePlanner(left, finishedTo, planning);
  }

  /** Time spent on runs, in earlier sessions too. */
  elapsedMs(): number {
    return (this.options.earlier?.milliseconds ?? 0) + this.runMs;
  }

  async runAll(): Promise<void> {
    this.report("replay");
    this.keptAt = performance.now();
    try {
      await Promise.all(Array.from({ length: this.executor.jobs }, () => this.lane()));
    } catch (error) {
      this.failed = true;
      throw error;
    }
  }

  report(phase: CampaignPhase): void {
    this.options.onProgress?.({
      phase,
      runs: runsOf(this.tally),
      ops: this.tally.ops,
      opsPerSecond: perSecond(this.tally.ops, this.elapsedMs()),
      findings: Object.keys(this.tally.occurrences).filter((one) => !isPartedSignature(one)).length,
      lastNew: this.lastNew,
      etaMs: this.etaMs(),
      shrunk: this.shrunk,
    });
  }

  /** Takes range after range until there is none, or no time. */
  private async lane(): Promise<void> {
    for (let range = this.next(); range !== null; range = this.next()) {
      const began = performance.now();
      const tally = await this.executor.tally(range, this.stopFor(range));
      const done = tally === null ? 0 : runsOf(tally);
      this.planner.giveBack({ from: range.from + done, to: range.to });
      if (tally === null) continue;
      this.planner.learn(done, performance.now() - began);
      await this.takeIn(tally);
    }
  }

  private next(): PlannedRange | null {
    const { signal, isEnough } = this.options;
    if (this.failed || signal?.aborted === true) return null;
    if (isEnough?.(this.tally) === true) return null;
    return this.planner.next(this.msLeft());
  }

  /** A hole is filled whatever the time: without it, what is done is not one piece. */
  private stopFor({ owed }: PlannedRange): Stop {
    const { signal } = this.options;
    return {
      signal,
      isDue: () => signal?.aborted === true || (!owed && this.msLeft() <= 0),
    };
  }

  private msLeft(): number {
    const { milliseconds = Infinity, earlier } = this.options;
    return milliseconds - (earlier?.milliseconds ?? 0) - (performance.now() - this.started);
  }

  private async takeIn(tally: Tally): Promise<void> {
    for (const [signature, { firstRun }] of Object.entries(tally.occurrences)) {
      const isNew = this.tally.occurrences[signature] === undefined;
      if (isNew && !isPartedSignature(signature)) this.lastNew = { signature, run: firstRun };
    }
    this.tally = mergeTallies(this.tally, tally);
    const now = performance.now();
    const milliseconds = now - this.keptAt;
    this.keptAt = now;
    this.runMs += milliseconds;
    await this.options.onRange?.(tally, milliseconds);
    this.report("run");
  }

  private etaMs(): number | null {
    const runs = runsOf(this.tally);
    if (runs === 0) return null;
    const wanted = this.whole.to - this.whole.from;
    const byRuns = (wanted - runs) * (this.elapsedMs() / runs);
    return Math.max(0, Math.min(this.msLeft(), byRuns));
  }
}
