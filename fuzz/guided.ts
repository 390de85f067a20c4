import { assertNever } from "../src/assertnever.ts";
import type { Trace } from "../src/trace/trace.ts";
import { TraceExtender } from "./extend.ts";
import { randomOfRun } from "./random.ts";
import { nameOfRun, traceOfRun } from "./traceofrun.ts";
import { GAINFUL, mutate } from "./mutate.ts";
import {
  faulted,
  knownToTrees,
  mixture,
  type PlanSource,
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
    return { ...trace, name: nameOfRun(seed, run) };
  };
}

/** At most so many ops are drawn after a beginning. */
const MOST_AFTER = 24;

/** Traces that go on from those that are given: their ops stand in front of what is drawn. */
function begunSource(beginnings: readonly Trace[]): TraceSource {
  return (seed, run) => {
    const random = randomOfRun(seed, run, "mutation");
    const { format, world, ops } = beginnings[random.index(beginnings.length)] as Trace;
    const more = new TraceExtender(random, world, ops).more(random.between(1, MOST_AFTER));
    return { format, name: nameOfRun(seed, run), world, ops: [...ops, ...more] };
  };
}

/** The source of a campaign: by its name and, but for traces of drivers, from its corpus. */
export function sourceOf(name: PlanSource, corpus: readonly Trace[]): TraceSource {
  if (name === "begun") return withFailing(begunSource(corpus));
  if (corpus.length === 0) return SOURCES[name];
  const guided = guidedSource(traceOfRun, corpus);
  switch (name) {
    case "plain":
      return guided;
    case "faults":
      return faulted(guided);
    case "trees":
      return knownToTrees(mixture(guided));
    case "mixed":
      return mixture(guided);
    case "idioms":
    case "drivers":
    case "mistakes":
    case "claims":
    case "regions":
    case "pieces":
    case "nodes":
      return SOURCES[name];
    default:
      return assertNever(name);
  }
}
