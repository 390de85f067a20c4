import { assertNever } from "../src/assertnever.ts";
import type { Trace } from "../src/trace/trace.ts";
import { randomOfRun } from "./random.ts";
import { traceOfRun } from "./traceofrun.ts";
import { GAINFUL, mutate } from "./mutate.ts";
import {
  faulted,
  knownToTrees,
  mixture,
  type SourceName,
  SOURCES,
  type TraceSource,
  withFailing,
} from "./sources.ts";

/** Of so many runs, one is drawn afresh: what the corpus does not lead to must be met as well. */
const FRESH_EVERY = 4;

/** Traces that start from those of a corpus. Like any source, it depends on seed and run only. */
export function guidedSource(traceOf: TraceSource, corpus: readonly Trace[]): TraceSource {
  if (corpus.length === 0) return traceOf;
  return (seed, run) => {
    const random = randomOfRun(seed, run, "mutation");
    if (random.chance(1, FRESH_EVERY)) return traceOf(seed, run);
    const [from, other] = [random.index(corpus.length), random.index(corpus.length)];
    const trace = mutate(random, corpus[from] as Trace, corpus[other] as Trace, GAINFUL);
    return { ...trace, name: `seed ${seed} run ${run}` };
  };
}

/** The source of a campaign: by its name and, but for traces of drivers, from its corpus. */
export function sourceOf(name: SourceName, corpus: readonly Trace[]): TraceSource {
  if (corpus.length === 0) return SOURCES[name];
  const guided = guidedSource(traceOfRun, corpus);
  switch (name) {
    case "plain":
      return guided;
    case "faults":
      return faulted(guided);
    case "calls":
      return withFailing(knownToTrees(guided));
    case "mixed":
      return mixture(guided);
    case "idioms":
      return SOURCES.idioms;
    default:
      return assertNever(name);
  }
}
