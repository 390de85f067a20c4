import { type JudgedFinding, type Side, SIDES } from "../src/oracle/finding.ts";
import type { Retention } from "../src/oracle/state.ts";
import type { Difference } from "./differential.ts";
import { GOALS, type GoalSet } from "./goals.ts";

/** Where a signature was seen. */
export interface Occurrences {
  /** Runs that showed it. */
  readonly count: number;
  readonly firstRun: number;
  readonly best: Example;
  /** Of one that shows only where the sides had parted: the best example on each side. */
  readonly sides?: BySide | undefined;
}

/** One occurrence of a signature. */
export interface Example {
  readonly step: number;
  readonly run: number;
}

/**
 * Whether an occurrence is a better example than another: the earlier step is, as a short trace
 * shrinks fast and far, then the earlier run.
 */
function isBetter({ step, run }: Example, than: Example | undefined): boolean {
  if (than === undefined) return true;
  return step === than.step ? run < than.run : step < than.step;
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
  /** Null where an older journal, which kept the after side's alone, is part of it. */
  readonly retentionBefore: Retention | null;
  /** Runs that reached each goal, in the order of GOALS. */
  readonly goals: readonly number[];
  /** By signature, in ascending order. */
  readonly occurrences: Readonly<Record<string, Occurrences>>;
}

const NO_RETENTION: Retention = { pageOps: 0, refused: 0, changed: 0, mappings: 0 };

export const EMPTY_TALLY: Tally = {
  ranges: [],
  ops: 0,
  notComparable: 0,
  retention: NO_RETENTION,
  retentionBefore: NO_RETENTION,
  goals: GOALS.map(() => 0),
  occurrences: {},
};

/** How many runs a tally holds. */
export function runsOf(tally: Tally): number {
  return tally.ranges.reduce((sum, { from, to }) => sum + to - from, 0);
}

/** The seen of a signature while runs are still counted into it. */
class Count implements Example {
  private count = 0;
  private firstRun = Number.MAX_SAFE_INTEGER;
  /** Which of the runs taken in was the last to show it. */
  private lastTurn = 0;
  step: number;
  run: number;
  private sides: Partial<Record<Side, Example>> | null = null;

  constructor({ step }: JudgedFinding, run: number) {
    this.step = step;
    this.run = run;
  }

  add(turn: number, run: number, { step, parted, side }: JudgedFinding): void {
    if (turn !== this.lastTurn) {
      this.lastTurn = turn;
      this.count++;
      if (run < this.firstRun) this.firstRun = run;
    }
    if (parted) this.addSide(side, step, run);
    if (step > this.step || (step === this.step && run >= this.run)) return;
    this.step = step;
    this.run = run;
  }

  private addSide(side: Side, step: number, run: number): void {
    this.sides ??= {};
    const known = this.sides[side];
    if (known !== undefined && !isBetter({ step, run }, known)) return;
    this.sides[side] = { step, run };
  }

  seen(): Occurrences {
    const { count, firstRun, step, run, sides } = this;
    const seen = { count, firstRun, best: { step, run } };
    return sides === null ? seen : { ...seen, sides: bestOfSides(sides, {}) };
  }
}

/**
 * Collects runs one after another. A campaign meets some seven findings a run, so it counts in
 * place and makes occurrences of that only in the end.
 */
export class Tallier {
  private readonly ranges: RunRange[] = [];
  /** The range that runs are added to, from..to; empty before the first. */
  private from = 0;
  private to = 0;
  private readonly goals = GOALS.map(() => 0);
  private readonly counts = new Map<string, Count>();
  private turns = 0;
  private ops = 0;
  private notComparable = 0;
  private retention = NO_RETENTION;
  private retentionBefore = NO_RETENTION;

  /** How many ops the runs so far had. */
  get opCount(): number {
    return this.ops;
  }

  get signatureCount(): number {
    return this.counts.size;
  }

  /** Takes in one run; returns a signature that it is the first to show, or null. */
  add(run: number, ops: number, difference: Difference): string | null {
    this.addRun(run);
    this.ops += ops;
    this.notComparable += difference.notComparable;
    this.retention = addRetention(this.retention, difference.retention);
    this.retentionBefore = addRetention(this.retentionBefore, difference.retentionBefore);
    this.addGoals(difference.goals);
    return this.addFindings(run, difference.findings);
  }

  tally(): Tally {
    const { retention, retentionBefore, from, to } = this;
    return {
      ranges: joinRanges(from < to ? [...this.ranges, { from, to }] : this.ranges),
      ops: this.ops,
      notComparable: this.notComparable,
      retention,
      retentionBefore,
      goals: [...this.goals],
      occurrences: sortedRecord([...this.counts].map(([name, count]) => [name, count.seen()])),
    };
  }

  private addRun(run: number): void {
    const { from, to } = this;
    if (run !== to || from === to) {
      if (from < to) this.ranges.push({ from, to });
      this.from = run;
    }
    this.to = run + 1;
  }

  private addGoals(set: GoalSet): void {
    const { goals } = this;
    for (let bit = 0; bit < goals.length; bit++) {
      goals[bit] = (goals[bit] as number) + ((set >> bit) & 1);
    }
  }

  private addFindings(run: number, findings: readonly JudgedFinding[]): string | null {
    const turn = ++this.turns;
    let fresh: string | null = null;
    for (let n = 0; n < findings.length; n++) {
      const finding = findings[n] as JudgedFinding;
      let count = this.counts.get(finding.signature);
      if (count === undefined) {
        fresh = finding.signature;
        count = new Count(finding, run);
        this.counts.set(fresh, count);
      }
      count.add(turn, run, finding);
    }
    return fresh;
  }
}

/** The tally of both; they must not share a run. */
export function mergeTallies(a: Tally, b: Tally): Tally {
  const occurrences = new Map(Object.entries(a.occurrences));
  for (const [signature, seen] of Object.entries(b.occurrences)) {
    occurrences.set(signature, mergeOccurrences(occurrences.get(signature), seen));
  }
  return {
    ranges: joinRanges([...a.ranges, ...b.ranges]),
    ops: a.ops + b.ops,
    notComparable: a.notComparable + b.notComparable,
    retention: addRetention(a.retention, b.retention),
    retentionBefore:
      a.retentionBefore === null || b.retentionBefore === null
        ? null
        : addRetention(a.retentionBefore, b.retentionBefore),
    goals: GOALS.map((_, bit) => (a.goals[bit] ?? 0) + (b.goals[bit] ?? 0)),
    occurrences: sortedRecord([...occurrences]),
  };
}

function mergeOccurrences(a: Occurrences | undefined, b: Occurrences): Occurrences {
  if (a === undefined) return b;
  const merged = {
    count: a.count + b.count,
    firstRun: Math.min(a.firstRun, b.firstRun),
    best: isBetter(b.best, a.best) ? b.best : a.best,
  };
  if (a.sides === undefined && b.sides === undefined) return merged;
  return { ...merged, sides: bestOfSides(a.sides ?? {}, b.sides ?? {}) };
}

type BySide = Readonly<Partial<Record<Side, Example>>>;

function bestOfSides(a: BySide, b: BySide): BySide {
  const sides: Partial<Record<Side, Example>> = {};
  for (const side of SIDES) {
    const [mine, other] = [a[side], b[side]];
    const best = other !== undefined && isBetter(other, mine) ? other : mine;
    if (best !== undefined) sides[side] = best;
  }
  return sides;
}

/** Mappings are known only where both tell them. */
function addRetention(a: Retention, b: Retention): Retention {
  const sum = {
    pageOps: a.pageOps + b.pageOps,
    refused: a.refused + b.refused,
    changed: a.changed + b.changed,
  };
  if (a.mappings === undefined || b.mappings === undefined) return sum;
  return { ...sum, mappings: a.mappings + b.mappings };
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

function sortedRecord(occurrences: [string, Occurrences][]): Record<string, Occurrences> {
  return Object.fromEntries(occurrences.sort(([a], [b]) => (a < b ? -1 : 1)));
}
