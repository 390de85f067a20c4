import type { LiveSide } from "../oracle/observed.ts";
import { RecordingFeed } from "../oracle/feed.ts";
import type { Side } from "../oracle/finding.ts";
import { closedTrace } from "../trace/closed.ts";
import type { Recording } from "../trace/recording.ts";
import type { Trace } from "../trace/trace.ts";
import type { PairName } from "./claim.ts";
import type { Explored, ExploredPairs } from "./explored.ts";
import { addFacts, type Facts, factsOf, NO_FACTS } from "./facts.ts";
import { WITNESSES, type WitnessId } from "./witnesses.ts";
import { differs, type SeenTrace, watch, type Watched } from "./watch.ts";

/** A backend that runs as it is watched. */
export interface Subject {
  readonly id: string;
  readonly side: LiveSide;
}

/** A design beside one that differs from it in a single point. */
export interface Variation {
  readonly base: Subject;
  readonly variant: Subject;
}

/** Whom the claims are about. */
export interface Subjects {
  readonly before: Subject;
  readonly after: Subject;
  /** The refcounted design with the old erase, and VM_PAT with a fork that substitutes. */
  readonly eraseByEnd: Variation;
  readonly laxFork: Variation;
}

/** What a recording of a real kernel adds. */
export interface RecordedKernel {
  readonly release: string;
  readonly side: Side;
  readonly recordings: readonly Recording[];
}

/** What the evidence is gathered with: this part knows neither generators nor shrinking. */
export interface Means {
  readonly runs: number;
  traceOf(run: number): Trace;
  shrink(trace: Trace, holds: (trace: Trace) => boolean): Trace;
  /** Tries every sequence up to a bound on a pair of sides; null when interrupted. */
  explore(pair: PairName): Promise<Explored | null>;
  /** Lets the caller have its turn; false ends the gathering. */
  goOn(run: number): Promise<boolean>;
}

/** How two designs compared, step by step. */
export interface Compared {
  readonly base: string;
  readonly variant: string;
  readonly steps: number;
  readonly differing: number;
  /** Forks that succeeded on the base. */
  readonly forks: number;
  /** Reservations that the base gave back. */
  readonly freed: number;
}

/** Everything that claims are judged by. */
export interface Evidence {
  readonly runs: number;
  readonly before: { readonly id: string; readonly facts: Facts };
  readonly after: { readonly id: string; readonly facts: Facts };
  readonly eraseByEnd: Compared;
  readonly laxFork: Compared;
  readonly explored: ExploredPairs;
  readonly kernels: readonly {
    readonly release: string;
    readonly side: Side;
    readonly facts: Facts;
  }[];
  /** The shortest trace of each kind that came up. */
  readonly witnesses: ReadonlyMap<WitnessId, Trace>;
}

/**
 * Runs a campaign on both designs and on the variants, explores them up to a bound, and goes
 * through the recordings.
 */
export async function gather(
  subjects: Subjects,
  kernels: readonly RecordedKernel[],
  means: Means,
): Promise<Evidence> {
  let [before, after] = [NO_FACTS, NO_FACTS];
  let eraseByEnd = nothingCompared(subjects.eraseByEnd);
  let laxFork = nothingCompared(subjects.laxFork);
  const best = new Map<WitnessId, Trace>();
  let runs = 0;
  for (; runs < means.runs && (await means.goOn(runs)); runs++) {
    const trace = means.traceOf(runs);
    const seen = watchAll(subjects, trace);
    before = addFacts(before, factsOf(seen.before));
    after = addFacts(after, factsOf(seen.after));
    eraseByEnd = compare(eraseByEnd, seen.after, seen.eraseByEnd);
    laxFork = compare(laxFork, seen.before, seen.laxFork);
    keepShortest(best, trace, seen);
  }
  return {
    runs,
    before: { id: subjects.before.id, facts: before },
    after: { id: subjects.after.id, facts: after },
    eraseByEnd,
    laxFork,
    explored: await explorePairs(means),
    kernels: kernels.map(recordedFacts),
    witnesses: shortest(subjects, best, means),
  };
}

async function explorePairs({ explore }: Means): Promise<ExploredPairs> {
  return {
    series: await explore("series"),
    "erase-by-end": await explore("erase-by-end"),
    "lax-fork": await explore("lax-fork"),
  };
}

function watchAll(subjects: Subjects, trace: Trace): Watched {
  const closed = closedTrace(trace);
  return {
    before: watchSubject(subjects.before, "before", closed),
    after: watchSubject(subjects.after, "after", closed),
    eraseByEnd: watchSubject(subjects.eraseByEnd.variant, "after", closed),
    laxFork: watchSubject(subjects.laxFork.variant, "before", closed),
  };
}

function watchSubject({ side }: Subject, name: Side, { world, ops }: Trace): SeenTrace {
  side.reset(world);
  return watch(name, world, ops, side, (op) => side.apply(op));
}

function recordedFacts({ release, side, recordings }: RecordedKernel): Evidence["kernels"][number] {
  let facts = NO_FACTS;
  for (const recording of recordings) {
    const feed = new RecordingFeed(recording);
    const { world, ops } = recording.trace;
    const seen = watch(side, world, ops, feed, (_op, index) => feed.show(index));
    facts = addFacts(facts, factsOf(seen));
  }
  return { release, side, facts };
}

function nothingCompared({ base, variant }: Variation): Compared {
  return { base: base.id, variant: variant.id, steps: 0, differing: 0, forks: 0, freed: 0 };
}

function compare(known: Compared, base: SeenTrace, variant: SeenTrace): Compared {
  const differing = base.steps.filter((step, at) => differs(step, variant.steps[at])).length;
  const forks = base.steps.filter(({ op, outcome }) => op.op === "fork" && outcome === null);
  const freed = base.steps.flatMap(({ changes }) => changes.filter((one) => one.startsWith("-")));
  return {
    ...known,
    steps: known.steps + base.steps.length,
    differing: known.differing + differing,
    forks: known.forks + forks.length,
    freed: known.freed + freed.length,
  };
}

function keepShortest(best: Map<WitnessId, Trace>, trace: Trace, seen: Watched): void {
  for (const { id, shows } of WITNESSES) {
    const known = best.get(id);
    if (known !== undefined && known.ops.length <= trace.ops.length) continue;
    if (shows(seen)) best.set(id, trace);
  }
}

function shortest(
  subjects: Subjects,
  best: ReadonlyMap<WitnessId, Trace>,
  { shrink }: Means,
): Map<WitnessId, Trace> {
  const found = new Map<WitnessId, Trace>();
  for (const { id, shows } of WITNESSES) {
    const trace = best.get(id);
    if (trace === undefined) continue;
    const minimal = shrink(trace, (candidate) => shows(watchAll(subjects, candidate)));
    found.set(id, closedTrace({ ...minimal, name: id }));
  }
  return found;
}
