import { type Trial, tryMutant, knownOf, type Detection } from "../../fuzz/trial.ts";
import { anyTrace } from "../../fuzz/sources.ts";
import { foldedTable, wrapped } from "../../reports/folded.ts";
import { TwoSides } from "../engine/twosides.ts";
import type { Mutant } from "../model/mutant.ts";
import { EXIT, type Io } from "./io.ts";
import { chosen } from "./options.ts";
import { MUTANTS, mutantPair } from "./mutantlist.ts";
import { LiveLine } from "./progress.ts";

export interface MutantsOptions {
  /** Most ops for a mutant; rare and equivalent ones are given ten times as many. */
  readonly ops: number;
  readonly seed: number;
  readonly seeds: number;
  /** Only mutants whose id contains this. */
  readonly only?: string;
  readonly json?: boolean;
}

const MORE_TIMES = 10;
/** What a reference shows by itself is learned from other traces than those of any trial. */
const KNOWN_SEED = 0x7ffffff0;
const KNOWN_OPS = 60_000;

type Label = Omit<Mutant, "spec">;

/** What became of one mutant over all seeds. */
interface MutantResult extends Label {
  /** One for each seed. */
  readonly trials: readonly Trial[];
  /** Found by every seed, or, for an equivalent one, by none. */
  readonly asDeclared: boolean;
}

/** Tries every planted fault and says by what it was found. */
export async function mutants(io: Io, options: MutantsOptions): Promise<number> {
  const tried = chosen(MUTANTS, ({ id }) => id, options.only);
  const line = new LiveLine(io);
  const known = new Map<string, Set<string>>();
  const results: MutantResult[] = [];
  for (const [index, mutant] of tried.entries()) {
    line.show(() => `${index} of ${tried.length} mutants, now ${mutant.id}`);
    results.push(await tryAll(io, mutant, options, known));
    if (io.interrupted.aborted) break;
  }
  line.clear();
  await io.out(
    options.json === true
      ? `${JSON.stringify(report(results, options))}\n`
      : text(io, results, options),
  );
  if (io.interrupted.aborted) return EXIT.interrupted;
  if (chosen.length === 0) return EXIT.nothingRan;
  return results.every(({ asDeclared }) => asDeclared) ? EXIT.ok : EXIT.divergence;
}

async function tryAll(
  io: Io,
  mutant: Mutant,
  { ops, seed, seeds }: MutantsOptions,
  known: Map<string, Set<string>>,
): Promise<MutantResult> {
  const { spec: _spec, ...label } = mutant;
  const pair = mutantPair(mutant);
  const own = known.get(mutant.reference) ?? ownFindings(pair.reference);
  known.set(mutant.reference, own);
  const both = new TwoSides(pair.reference, pair.mutant);
  const trials: Trial[] = [];
  for (let n = 0; n < seeds && !io.interrupted.aborted; n++) {
    trials.push(
      await tryMutant({
        show: (trace) => both.run(trace).findings,
        traceOf: (run) => anyTrace(seed + n, run),
        ops: opsFor(mutant, ops),
        known: new Set(own),
        isStopped: () => io.interrupted.aborted,
      }),
    );
  }
  const isEquivalent = mutant.equivalent !== undefined;
  return {
    ...label,
    trials,
    asDeclared: trials.every(({ found }) => (found === null) === isEquivalent),
  };
}

/** What it may take to find a mutant, or must take not to. */
function opsFor({ equivalent, isRare }: Label, ops: number): number {
  return equivalent !== undefined || isRare === true ? ops * MORE_TIMES : ops;
}

function ownFindings(reference: ConstructorParameters<typeof TwoSides>[0]): Set<string> {
  const both = new TwoSides(reference, reference);
  return knownOf(
    (trace) => both.run(trace).findings,
    (run) => anyTrace(KNOWN_SEED, run),
    KNOWN_OPS,
  );
}

function report(results: readonly MutantResult[], { ops, seed, seeds }: MutantsOptions) {
  return { format: "pfndiff/mutants@1", ops, seed, seeds, mutants: results };
}

/** The middle of the ops that the seeds took; a seed that did not find it counts as endless. */
function median(trials: readonly Trial[], of: "found" | "alone"): number {
  const ops = trials
    .map((trial) => trial[of]?.ops ?? Number.POSITIVE_INFINITY)
    .sort((a, b) => a - b);
  return ops[(ops.length - 1) >> 1] ?? Number.POSITIVE_INFINITY;
}

function shown(ops: number): string {
  return Number.isFinite(ops) ? String(ops) : "-";
}

function symptomOf(detection: Detection | null | undefined): string {
  if (detection === null || detection === undefined) return "-";
  return `${detection.isMissing ? "no " : ""}${detection.symptom}:${detection.cause}`;
}

function text({ columns }: Io, results: readonly MutantResult[], options: MutantsOptions): string {
  const rows = results.map(({ id, reference, at, trials, equivalent, asDeclared }) => [
    asDeclared ? "" : "!",
    id,
    reference,
    at,
    equivalent === undefined ? shown(median(trials, "found")) : "equivalent",
    symptomOf(trials.map(({ found }) => found).find((found) => found !== null)),
    shown(median(trials, "alone")),
  ]);
  const head = ["", "mutant", "of", "at", "ops", "found by", "alone after"];
  return `${foldedTable(head, rows, columns)}\n${summary(results, options, columns)}`;
}

function summary(
  results: readonly MutantResult[],
  { ops, seed, seeds }: MutantsOptions,
  columns: number,
): string {
  const real = results.filter(({ equivalent }) => equivalent === undefined);
  const equal = results.filter(({ equivalent }) => equivalent !== undefined);
  const found = real.filter(({ asDeclared }) => asDeclared).length;
  const rare = real.filter(({ isRare }) => isRare === true).length;
  const silent = equal.filter(({ asDeclared }) => asDeclared).length;
  const alone = real.filter(({ trials }) => trials.every((trial) => trial.alone !== null)).length;
  const lines = [
    `${found} of ${real.length} mutants found within ${ops} ops by every seed (${seeds} from ${seed}),`,
    `  ${rare} of them, which take several steps or a failure, within ${ops * MORE_TIMES}`,
    `${alone} of them also by the absolute checks alone, beyond what the reference shows itself`,
    `${silent} of ${equal.length} equivalent ones never found in ${ops * MORE_TIMES} ops`,
    ...equal.map(({ id, equivalent }) => `  ${id}: ${equivalent}`),
  ];
  return `${lines.map((line) => wrapped(line, columns)).join("\n")}\n`;
}
