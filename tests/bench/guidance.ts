/**
 * Does guidance find planted faults in fewer ops? `npx tsx tests/bench/guidance.ts [SEEDS]`. Every
 * planted fault whose blind median is over 250 ops, in a campaign of plain traces or else in one
 * with failing allocations, is tried blind, by a corpus that grows during the trial itself, and by
 * a corpus that was grown on the unharmed models before. Printed are the medians of ops and of
 * milliseconds of CPU to the first detection, wins and losses with a sign test, and the geometric
 * mean of the ratios to the blind medians.
 */
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import { Coverage } from "../../fuzz/coverage.ts";
import { Growth } from "../../fuzz/growth.ts";
import { sourceOf } from "../../fuzz/guided.ts";
import { tryMutant } from "../../fuzz/trial.ts";
import { SOURCES, withFaults } from "../../fuzz/sources.ts";
import { MUTANTS, mutantPair } from "../../src/cli/mutantlist.ts";
import { median, stopwatch } from "../../src/cli/processortime.ts";
import { ShapedModel } from "../../src/engine/shapedside.ts";
import { TwoSides } from "../../src/engine/twosides.ts";
import type { ModelBackend } from "../../src/model/backend.ts";
import type { Mutant } from "../../src/model/mutant.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { MODELS } from "../models.ts";

const SEEDS = Number(process.argv[2] ?? 20);
/** The seeds of the trials; the corpus grows with another. */
const FIRST_SEED = 1;
const GROWTH_SEED = 0x6ffffff0;
const GROWTH_RUNS = 2000;
const MOST_OPS = 20_000;
const HARD_OPS = 250;
const CAMPAIGNS = ["plain", "faults"] as const;

type CampaignKind = (typeof CAMPAIGNS)[number];

interface Trial {
  readonly ops: number;
  readonly milliseconds: number;
}

/** Draws the traces of one trial, and may learn from each before the next. */
interface Tester {
  readonly traceOf: (run: number) => Trace;
  readonly learn?: (trace: Trace) => void;
}

type Arm = (seed: number, kind: CampaignKind, mutant: Mutant) => Tester;

function coverageOf(before: ModelBackend, after: ModelBackend): Coverage {
  return new Coverage(new ShapedModel(before), new ShapedModel(after));
}

/** A corpus of the two designs as they are: it knows of no planted fault. */
function grownCorpus(): readonly Trace[] {
  const spent = stopwatch();
  const coverage = coverageOf(MODELS["6.12"] as ModelBackend, MODELS["7.2"] as ModelBackend);
  const growth = new Growth(coverage, GROWTH_SEED);
  let ops = 0;
  for (let run = 0; run < GROWTH_RUNS; run++) {
    const trace = growth.draw(run);
    ops += trace.ops.length;
    growth.learn(trace);
  }
  const seconds = (spent().processorMs / 1000).toFixed(1);
  const { length } = growth.traces;
  console.log(`corpus: ${length} traces, ${growth.features} features, ${ops} ops, ${seconds} s`);
  return growth.traces;
}

function drawingFrom(corpus: readonly Trace[]): Arm {
  return (seed, kind) => {
    const source = sourceOf(kind, corpus);
    return { traceOf: (run) => source(seed, run) };
  };
}

const blind: Arm = (seed, kind) => ({ traceOf: (run) => SOURCES[kind](seed, run) });

const fromNothing: Arm = (seed, kind, mutant) => {
  const pair = mutantPair(mutant);
  const growth = new Growth(coverageOf(pair.reference, pair.mutant), seed);
  const traceOf = (run: number) => {
    const trace = run === 0 ? traceOfRun(seed, run) : growth.draw(run);
    return kind === "plain" ? trace : withFaults(trace, seed, run);
  };
  return { traceOf, learn: (trace) => growth.learn(trace) };
};

async function tryOnce(both: TwoSides, { traceOf, learn }: Tester): Promise<Trial> {
  const spent = stopwatch();
  let last: Trace | null = null;
  const { found } = await tryMutant({
    show: (trace) => both.run(trace).findings,
    traceOf: (run) => {
      if (last !== null) learn?.(last);
      last = traceOf(run);
      return last;
    },
    ops: MOST_OPS,
    known: new Set(),
    isFoundEnough: true,
  });
  return { ops: found?.ops ?? Number.POSITIVE_INFINITY, milliseconds: spent().processorMs };
}

/** The medians over the seeds. */
async function tryAll(mutant: Mutant, kind: CampaignKind, arm: Arm): Promise<Trial> {
  const pair = mutantPair(mutant);
  const both = new TwoSides(pair.reference, pair.mutant);
  const trials: Trial[] = [];
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
    trials.push(await tryOnce(both, arm(seed, kind, mutant)));
  }
  return {
    ops: median(trials.map(({ ops }) => ops)),
    milliseconds: median(trials.map(({ milliseconds }) => milliseconds)),
  };
}

/** How likely so uneven a split of wins and losses is by chance, two-sided. */
function signTest(wins: number, losses: number): number {
  const n = wins + losses;
  let [ways, tail] = [1, 0];
  for (let k = 0; k <= Math.min(wins, losses); k++) {
    tail += ways;
    ways = (ways * (n - k)) / (k + 1);
  }
  return Math.min(1, (2 * tail) / 2 ** n);
}

type Pairs = readonly (readonly [blind: number, guided: number])[];

function summary(name: string, pairs: Pairs): string {
  const wins = pairs.filter(([was, is]) => is < was).length;
  const losses = pairs.filter(([was, is]) => is > was).length;
  const ties = pairs.length - wins - losses;
  const logs = pairs.map(([was, is]) => Math.log(Math.min(is, MOST_OPS) / was));
  const ratio = Math.exp(logs.reduce((sum, value) => sum + value, 0) / pairs.length).toFixed(2);
  const chance = signTest(wins, losses).toPrecision(2);
  return `${name}: won ${wins}, lost ${losses}, tied ${ties} (p = ${chance}); ${ratio} of blind`;
}

/** The campaign that a fault is tried in, and its blind medians there; null if it is easy or unreachable. */
async function hardness(mutant: Mutant): Promise<{ kind: CampaignKind; asIs: Trial } | null> {
  if (mutant.equivalent !== undefined) return null;
  for (const kind of CAMPAIGNS) {
    const asIs = await tryAll(mutant, kind, blind);
    if (asIs.ops < Number.POSITIVE_INFINITY) return asIs.ops > HARD_OPS ? { kind, asIs } : null;
  }
  return null;
}

function cell({ ops, milliseconds }: Trial): string {
  return String(ops).padStart(12) + milliseconds.toFixed(1).padStart(8);
}

async function main(): Promise<void> {
  const corpusArm = drawingFrom(grownCorpus());
  const heads = ["blind", "nothing", "corpus"].map((name) => `${name.padStart(12)}  CPU ms`);
  console.log(`${"".padEnd(35)}${heads.join("")}`);
  const rows: { blind: Trial; nothing: Trial; corpus: Trial }[] = [];
  for (const mutant of MUTANTS) {
    const hard = await hardness(mutant);
    if (hard === null) continue;
    const { kind, asIs } = hard;
    const nothing = await tryAll(mutant, kind, fromNothing);
    const corpus = await tryAll(mutant, kind, corpusArm);
    rows.push({ blind: asIs, nothing, corpus });
    const cells = [asIs, nothing, corpus].map(cell).join("");
    console.log(mutant.id.padEnd(28) + kind.padEnd(7) + cells);
  }
  for (const arm of ["nothing", "corpus"] as const) {
    for (const unit of ["ops", "milliseconds"] as const) {
      const pairs: Pairs = rows.map((row) => [row.blind[unit], row[arm][unit]]);
      console.log(summary(`${arm}, ${unit}`, pairs));
    }
  }
}

await main();
