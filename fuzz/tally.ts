import type { Difference, Retention } from "./differential.ts";
import { GOALS, type GoalSet } from "./goals.ts";

/** Where a signature was seen. */
export interface Sighting {
  /** Runs that showed it. */
  readonly count: number;
  readonly firstRun: number;
  readonly best: Example;
}

/** One occurrence of a signature. */
interface Example {
  /** The sides had different VMAs, so the other side's silence proves nothing. */
  readonly parted: boolean;
  readonly step: number;
  readonly run: number;
}

/**
 * Which of two occurrences is the better example: one where the sides had not parted, then the
 * earlier step, as a short trace shrinks fast and far, then the earlier run.
 */
function betterExample(a: Example, b: Example): Example {
  if (a.parted !== b.parted) return a.parted ? b : a;
  if (a.step !== b.step) return a.step < b.step ? a : b;
  return a.run <= b.run ? a : b;
}

/** A half-open range of runs. */
export interface RunRange {
  readonly from: number;
  readonly to: number;
}

/**
 * What a set of runs showed, as plain data. Tallies of disjoint runs add up to the same tally in
 * whatever order and grouping, so a campaign may be cut into any shards.
 */
export interface Tally {
  /** The runs that are in it: ascending, disjoint, not touching. */
  readonly ranges: readonly RunRange[];
  readonly ops: number;
  readonly notComparable: number;
  readonly retention: Retention;
  /** Runs that reached each goal, in the order of GOALS. */
  readonly goals: readonly number[];
  /** By signature, in ascending order. */
  readonly sightings: Readonly<Record<string, Sighting>>;
}

export const EMPTY_TALLY: Tally = {
  ranges: [],
  ops: 0,
  notComparable: 0,
  retention: { pageOps: 0, refused: 0, changed: 0 },
  goals: GOALS.map(() => 0),
  sightings: {},
};

/** How many runs a tally holds. */
export function runsOf(tally: Tally): number {
  return tally.ranges.reduce((sum, { from, to }) => sum + to - from, 0);
}

/** Collects runs one after another; cheaper than merging a tally for each. */
export class Tallier {
  private readonly ranges: RunRange[] = [];
  private readonly goals = GOALS.map(() => 0);
  private readonly sightings = new Map<string, Sighting>();
  private ops = 0;
  private notComparable = 0;
  private retention: Retention = EMPTY_TALLY.retention;

  /** How many ops the runs so far had. */
  get opCount(): number {
    return this.ops;
  }

  get signatureCount(): number {
    return this.sightings.size;
  }

  /** Takes in one run; returns a signature that it is the first to show, or null. */
  add(run: number, ops: number, difference: Difference): string | null {
    this.addRun(run);
    this.ops += ops;
    this.notComparable += difference.notComparable;
    this.retention = addRetention(this.retention, difference.retention);
    this.addGoals(difference.goals);
    let fresh: string | null = null;
    for (const [signature, best] of examplesOf(run, difference)) {
      const here = { count: 1, firstRun: run, best };
      const known = this.sightings.get(signature);
      if (known === undefined) fresh = signature;
      this.sightings.set(signature, mergeSightings(known, here));
    }
    return fresh;
  }

  tally(): Tally {
    return {
      ranges: joinRanges(this.ranges),
      ops: this.ops,
      notComparable: this.notComparable,
      retention: this.retention,
      goals: [...this.goals],
      sightings: sortedRecord(this.sightings),
    };
  }

  private addRun(run: number): void {
    const last = this.ranges.at(-1);
    if (last !== undefined && last.to === run) {
      this.ranges[this.ranges.length - 1] = { from: last.from, to: run + 1 };
    } else this.ranges.push({ from: run, to: run + 1 });
  }

  private addGoals(set: GoalSet): void {
    for (let bit = 0; bit < GOALS.length; bit++) {
      if ((set & (1 << bit)) !== 0) this.goals[bit] = (this.goals[bit] ?? 0) + 1;
    }
  }
}

/** The signatures of a run, each with its best example in it. */
function examplesOf(run: number, { findings }: Difference): Map<string, Example> {
  const examples = new Map<string, Example>();
  for (const { signature, parted, step } of findings) {
    const here = { parted, step, run };
    const known = examples.get(signature);
    examples.set(signature, known === undefined ? here : betterExample(known, here));
  }
  return examples;
}

/** The tally of both; they must not share a run. */
export function mergeTallies(a: Tally, b: Tally): Tally {
  const sightings = new Map(Object.entries(a.sightings));
  for (const [signature, sighting] of Object.entries(b.sightings)) {
    sightings.set(signature, mergeSightings(sightings.get(signature), sighting));
  }
  return {
    ranges: joinRanges([...a.ranges, ...b.ranges]),
    ops: a.ops + b.ops,
    notComparable: a.notComparable + b.notComparable,
    retention: addRetention(a.retention, b.retention),
    goals: GOALS.map((_, bit) => (a.goals[bit] ?? 0) + (b.goals[bit] ?? 0)),
    sightings: sortedRecord(sightings),
  };
}

function mergeSightings(a: Sighting | undefined, b: Sighting): Sighting {
  if (a === undefined) return b;
  return {
    count: a.count + b.count,
    firstRun: Math.min(a.firstRun, b.firstRun),
    best: betterExample(a.best, b.best),
  };
}

function addRetention(a: Retention, b: Retention): Retention {
  return {
    pageOps: a.pageOps + b.pageOps,
    refused: a.refused + b.refused,
    changed: a.changed + b.changed,
  };
}

function joinRanges(ranges: readonly RunRange[]): RunRange[] {
  const joined: RunRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last === undefined || range.from > last.to) joined.push(range);
    else if (range.from < last.to) throw new Error(`run ${range.from} was tallied twice`);
    else joined[joined.length - 1] = { from: last.from, to: range.to };
  }
  return joined;
}

function sortedRecord(map: ReadonlyMap<string, Sighting>): Record<string, Sighting> {
  return Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}
