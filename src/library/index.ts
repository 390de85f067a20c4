import { minimalFinding, nextTurn, tallyRuns } from "../../fuzz/executor.ts";
import { LiveDifferential } from "../../fuzz/livedifferential.ts";
import { isPartedSignature } from "../../fuzz/witness.ts";
import { SOURCES, type SourceName } from "../../fuzz/sources.ts";
import { ModelSide } from "../engine/modelside.ts";
import type { ModelBackend, RecordOptions } from "../model/backend.ts";
import { MODELS, modelNamed, NEWEST } from "../models.ts";
import type { CampaignFinding } from "../oracle/finding.ts";
import type { Op } from "../trace/op.ts";
import type { Recording } from "../trace/recording.ts";
import { explain } from "../trace/read.ts";
import { type Trace, traceSchema, type World } from "../trace/trace.ts";
import { UserError } from "../usererror.ts";

/*
 * `pfndiff` as a library: what tests of one's own may use. The command line has the rest: real
 * kernels, files, journals. Nothing here keeps state between calls or touches the process.
 */

export type { Finding, JudgedFinding, Symptom, Verdict } from "../oracle/finding.ts";
export type { Judgement } from "../oracle/judge.ts";
export { judge } from "../oracle/judge.ts";
export type { Op } from "../trace/op.ts";
export type { Recording, Step } from "../trace/recording.ts";
export type { Trace, World } from "../trace/trace.ts";
export { UserError } from "../usererror.ts";
export { traceArbitrary } from "./fastcheck.ts";

/** The ids of all models: `legacy@6.12`, `modern@7.2`, `variant:NAME`, ... */
export const models: readonly string[] = MODELS.map(({ id }) => id);

/** A trace as it is written by hand: a world of 8 pages of a device unless told otherwise. */
export interface TraceInput {
  readonly name?: string;
  readonly world?: Partial<World>;
  readonly ops: readonly Op[];
}

/**
 * Checks a trace that was written by hand, or read from a file, and fills in its world.
 * @throws UserError that names the place of a fault, such as `ops[3].pages`
 */
export function trace({ name = "", world = {}, ops, ...more }: TraceInput): Trace {
  const usual = { pfns: 8, vpages: 16, mtrr: "uncached" };
  const whole = { format: "pfndiff/trace@1", ...more, name, world: { ...usual, ...world }, ops };
  const parsed = traceSchema.safeParse(whole);
  if (parsed.success) return parsed.data;
  const [place, message] = explain(parsed.error, whole);
  throw new UserError(`trace: ${place === "" ? "" : `${place}: `}${message}`);
}

function model(id: string): ModelBackend {
  const found = modelNamed(id);
  if (found !== undefined) return found;
  throw new UserError(`unknown model ${JSON.stringify(id)} (known: ${models.join(", ")})`);
}

/**
 * Runs a trace on a fresh model: after every op its result and the full visible state. With
 * `contexts` also the tracking contexts and their counts, which `judge` checks where they are.
 * @throws UserError for an id that is not one of `models`, `legacy` or `modern`
 */
export function record(of: Trace, id: string, options: RecordOptions = {}): Recording {
  return model(id).recordSync(of, options);
}

/** What `fuzz` looks for, and how. */
export interface FuzzOptions {
  /** Ids of two models; the newest of each design unless told. */
  readonly before?: string;
  readonly after?: string;
  /** How many traces to run; 1000 unless told. */
  readonly runs?: number;
  /** The same seed draws the same traces. */
  readonly seed?: number;
  /** What traces are drawn, as `fuzz --plain`, `--faults` and `--idioms` say; a mixture unless told. */
  readonly source?: SourceName;
  readonly signal?: AbortSignal;
}

/** A finding with the least trace that shows it. */
export type Found = Omit<CampaignFinding, "count">;

const RANGE = 64;

/**
 * Runs random traces on two models and yields each signature once, as soon as it was found, with
 * its minimal trace. What shows only where the sides had parted says nothing of a design and is left
 * out. Deterministic for a seed; ends after the runs, or when `signal` is aborted.
 */
export async function* fuzz(options: FuzzOptions = {}): AsyncGenerator<Found> {
  const { before = NEWEST.legacy, after = NEWEST.modern, runs = 1000, seed = 1 } = options;
  const isOver = () => options.signal?.aborted === true;
  const live = new LiveDifferential(new ModelSide(model(before)), new ModelSide(model(after)));
  const differential = (of: Trace) => live.run(of);
  const traceOf = SOURCES[options.source ?? "mixed"];
  const known = new Set<string>();
  for (let from = 0; from < runs && !isOver(); from += RANGE) {
    const to = Math.min(runs, from + RANGE);
    const { occurrences } = await tallyRuns(seed, from, to, differential, traceOf);
    for (const [signature, seen] of Object.entries(occurrences)) {
      if (known.has(signature) || isPartedSignature(signature)) continue;
      known.add(signature);
      const { count: _soFar, ...found } = await minimalFinding(
        seed,
        signature,
        seen,
        differential,
        traceOf,
      );
      yield found;
    }
    await nextTurn();
  }
}
