import { explained } from "../asked/explain.ts";
import type { Backend } from "../backend.ts";
import { judge } from "../oracle/judge.ts";
import { layOut, type Replay } from "../replay.ts";
import type { Recording } from "../trace/recording.ts";
import type { Trace } from "../trace/trace.ts";
import { isModel, type Pair } from "./backends.ts";

/**
 * How a backend records for the oracle: a model shows its contexts too, so krefs are checked.
 * `requests`: it also tells of every request for a cache mode.
 */
export function recorderOf(
  backend: Backend,
  requests = false,
): (trace: Trace) => Recording | Promise<Recording> {
  const options = { contexts: true, requests };
  if (isModel(backend)) return (trace) => backend.recordSync(trace, options);
  return (trace) => backend.record(trace);
}

/** Runs a trace on both sides, judges it, and explains why every mapping has its mode. */
export async function replayOn(pair: Pair, trace: Trace): Promise<Replay> {
  const before = await recorderOf(pair.before, true)(trace);
  const after = await recorderOf(pair.after, true)(trace);
  return layOut(explained(before), explained(after), judge(before, after));
}

/** Runs two sides together, under the clock of each that has one. */
export function underGuards<T>({ before, after }: Pair, what: string, work: () => T): T {
  return underOne(before, what, () => underOne(after, what, work));
}

function underOne<T>(backend: Backend, what: string, work: () => T): T {
  const guarded = isModel(backend) ? backend.guarded : undefined;
  return guarded === undefined ? work() : guarded(what, work);
}
