import type { RunRange } from "./tally.ts";

/** The parts of `whole` that `done` (ascending, disjoint) does not cover, ascending. */
export function missingRanges(whole: RunRange, done: readonly RunRange[]): RunRange[] {
  const missing: RunRange[] = [];
  let from = whole.from;
  for (const range of done) {
    if (range.from > from) missing.push({ from, to: Math.min(range.from, whole.to) });
    from = Math.max(from, range.to);
  }
  if (from < whole.to) missing.push({ from, to: whole.to });
  return missing.filter((range) => range.from < range.to);
}

/** The runs of shard `index` (1 to `of`) of `runs` runs; the shards differ by at most one run. */
export function shardRange(runs: number, index: number, of: number): RunRange {
  const border = (shard: number) => Math.floor((runs * shard) / of);
  return { from: border(index - 1), to: border(index) };
}

/** A range as people write it: both ends count. */
export function rangeText({ from, to }: RunRange): string {
  return to - from === 1 ? `run ${from}` : `runs ${from} to ${to - 1}`;
}

/** How long one range should take, in milliseconds: what a crash or an interrupt can cost. */
const TARGET_MS = 400;
/** The first range, before the pace is known. */
const FIRST_RUNS = 16;

export interface PlannerOptions {
  /** How many are worked on at a time. */
  readonly jobs: number;
  /** Cut at multiples of this, whatever the pace. */
  readonly chunk?: number;
}

/** A range to work on. An owed one lies below a finished one, so the campaign has a hole there. */
export interface PlannedRange extends RunRange {
  readonly owed: boolean;
}

/**
 * Cuts what is left of a campaign into ranges, lowest first, so that what is finished is one piece
 * but for what is being worked on. Ranges grow with the pace until one takes a good moment.
 */
export class RangePlanner {
  private readonly left: RunRange[];
  private readonly options: PlannerOptions;
  private readonly finishedTo: number;
  private size = FIRST_RUNS;
  private millisecondsPerRun = 0;

  /** `left`: ascending and disjoint. Ranges below `finishedTo` are owed. */
  constructor(left: readonly RunRange[], finishedTo: number, options: PlannerOptions) {
    this.left = [...left];
    this.finishedTo = finishedTo;
    this.options = options;
  }

  /** The next range, or null; only an owed one when there are no `milliseconds` left. */
  next(milliseconds: number): PlannedRange | null {
    const [first] = this.left;
    if (first === undefined) return null;
    const owed = first.from < this.finishedTo;
    if (milliseconds <= 0 && !owed) return null;
    const to = Math.min(first.to, first.from + this.runsNow(first.from, milliseconds));
    if (to === first.to) this.left.shift();
    else this.left[0] = { from: to, to: first.to };
    return { from: first.from, to, owed };
  }

  /** Learns how long a range took. */
  learn(runs: number, milliseconds: number): void {
    this.millisecondsPerRun = milliseconds / runs;
    const wanted = Math.ceil(TARGET_MS / Math.max(this.millisecondsPerRun, 1e-6));
    this.size = Math.max(1, Math.min(wanted, this.size * 2));
  }

  /** Takes back what was planned but not done; it is next again. */
  giveBack(range: RunRange): void {
    if (range.from < range.to) this.left.unshift(range);
  }

  private runsNow(from: number, milliseconds: number): number {
    const { chunk, jobs } = this.options;
    if (chunk !== undefined) return chunk - (from % chunk);
    const inTime =
      milliseconds > 0 && this.millisecondsPerRun > 0
        ? Math.ceil(milliseconds / this.millisecondsPerRun)
        : this.size;
    const total = this.left.reduce((sum, range) => sum + range.to - range.from, 0);
    // The last ranges are small, so that all who work end at about the same time.
    const share = jobs === 1 ? this.size : Math.max(FIRST_RUNS, Math.ceil(total / (2 * jobs)));
    return Math.max(1, Math.min(this.size, inTime, share));
  }
}
