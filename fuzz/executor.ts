import type { CampaignFinding } from "../src/oracle/finding.ts";
import type { Trace } from "../src/trace/trace.ts";
import { traceOfRun } from "./traceofrun.ts";
import type { Differential } from "./differential.ts";
import type { TraceSource } from "./sources.ts";
import { findingIn } from "./witness.ts";
import { type RunRange, type Occurrences, type Tally, Tallier } from "./tally.ts";

/** When to stop in the middle of a range. */
export interface Stop {
  readonly signal?: AbortSignal | undefined;
  /** Whether to stop now: asked before every run. */
  isDue(): boolean;
}

/** Who does the work of a campaign: this process, worker threads, or other machines. */
export interface Executor {
  /** How many ranges, or signatures, it takes at a time. */
  readonly jobs: number;
  /** Tallies a range, or, when it had to stop, the first runs of it; null when not even one. */
  tally(range: RunRange, stop: Stop): Promise<Tally | null>;
  /**
   * Shrinks the best example of a signature; null when the signal came first. After `mostMs` milliseconds the
   * least trace so far will do, where the executor can stop in the middle.
   */
  shrink(
    signature: string,
    seen: Occurrences,
    signal?: AbortSignal,
    mostMs?: number,
  ): Promise<CampaignFinding | null>;
}

/** How often a campaign looks up from its work, in milliseconds. */
const TURN_MS = 50;

/** Lets timers, signals and the terminal have their turn. */
export const nextTurn = () => new Promise<void>((resolve) => setTimeout(resolve));

/** Does everything in this process. */
export function localExecutor(
  seed: number,
  differential: Differential,
  traceOf: TraceSource = traceOfRun,
): Executor {
  return {
    jobs: 1,
    tally: (range, stop) => tallyUntil(seed, range, differential, traceOf, stop),
    shrink: async (signature, seen, signal, mostMs) => {
      await nextTurn();
      if (signal?.aborted === true) return null;
      return minimalFinding(seed, signature, seen, differential, traceOf, mostMs);
    },
  };
}

/** How many traces are announced at a time. */
const BATCH = 64;

/** Draws the traces of a range; where a differential wants to know of them, a batch before they are run. */
class Ahead {
  private batch: readonly Trace[] = [];
  private next: readonly Trace[] = [];
  /** The run of the first trace of the batch, and the run of the first that is not drawn yet. */
  private start = 0;
  private end = 0;

  constructor(
    private readonly draw: (run: number) => Trace,
    private readonly to: number,
    private readonly differential: Differential,
  ) {}

  /** The trace of a run; runs are asked for one after another. */
  traceOf(run: number): Trace {
    if (this.differential.announce === undefined) return this.draw(run);
    if (run - this.start >= this.batch.length) {
      if (this.next.length === 0) this.drawNext(run);
      this.batch = this.next;
      this.start = run;
      this.drawNext(this.end);
    }
    return this.batch[run - this.start] ?? this.draw(run);
  }

  private drawNext(from: number): void {
    this.end = Math.min(from + BATCH, this.to);
    this.next = Array.from({ length: this.end - from }, (_, n) => this.draw(from + n));
    this.differential.announce?.(this.next);
  }
}

/** Runs of models between two looks at the clock. */
const RUNS_A_LOOK = 16;

async function tallyUntil(
  seed: number,
  { from, to }: RunRange,
  differential: Differential,
  traceOf: TraceSource,
  stop: Stop,
): Promise<Tally | null> {
  const tallier = new Tallier();
  const drawn = new Ahead((run) => traceOf(seed, run), to, differential);
  let turn = performance.now();
  // The clock costs as much as a few ops: runs that are quick are not timed one by one.
  let stride = 1;
  for (let run = from; run < to; run++) {
    const isLook = (run - from) % stride === 0;
    if (isLook && stop.isDue()) break;
    const trace = drawn.traceOf(run);
    const outcome = differential(trace);
    const difference = outcome instanceof Promise ? await outcome : outcome;
    tallier.add(run, trace.ops.length, difference);
    stride = outcome instanceof Promise ? 1 : RUNS_A_LOOK;
    if (!isLook || performance.now() - turn < TURN_MS) continue;
    await nextTurn();
    turn = performance.now();
  }
  const tally = tallier.tally();
  return tally.ranges.length === 0 ? null : tally;
}

const NEVER: Stop = { isDue: () => false };

/** Tallies a range of runs, from `from` up to `to`: the part of a campaign that one job does. */
export async function tallyRuns(
  seed: number,
  from: number,
  to: number,
  differential: Differential,
  traceOf: TraceSource = traceOfRun,
): Promise<Tally> {
  const tally = await tallyUntil(seed, { from, to }, differential, traceOf, NEVER);
  if (tally === null) throw new Error(`there is no run from ${from} up to ${to}`);
  return tally;
}

/** Shrinks the best example of a signature, for so many milliseconds at most. */
export function minimalFinding(
  seed: number,
  signature: string,
  seen: Occurrences,
  differential: Differential,
  traceOf: TraceSource,
  mostMs = Number.POSITIVE_INFINITY,
): Promise<CampaignFinding> {
  const end = performance.now() + mostMs;
  const isOver = () => performance.now() > end;
  const whole = traceOf(seed, seen.best.run);
  return findingIn(whole, signature, seen, differential, differential, isOver);
}
