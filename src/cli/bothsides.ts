import { explainedSteps } from "../asked/explain.ts";
import type { Backend } from "../backend.ts";
import { ModelSide } from "../engine/modelside.ts";
import { type ModelBackend, type RecordOptions, stepsOn } from "../model/backend.ts";
import { LivePair } from "../oracle/livepair.ts";
import { layOutStream, type Replay, replayOf, type ReplayStream } from "../replay.ts";
import type { Recording, RecordingStream } from "../trace/recording.ts";
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
  return replayOf(before, after);
}

/**
 * The same step by step, for traces of any length: the oracle goes along with the models and nothing is
 * recorded, then they run once more while the steps are read. What has no models is recorded whole.
 */
export async function replayStream(pair: Pair, trace: Trace): Promise<ReplayStream> {
  const { before, after } = pair;
  if (!isOurs(before) || !isOurs(after)) return replayOn(pair, trace);
  const live = new LivePair(new ModelSide(before), new ModelSide(after));
  const findings = live.run(trace).map((finding) => finding.plain());
  const judged = { findings, notComparable: live.oracle.notComparable };
  return layOutStream(explainedStream(before, trace), explainedStream(after, trace), judged);
}

function explainedStream(model: ModelBackend, trace: Trace): RecordingStream {
  const recording = streamOf(model, trace, { contexts: true, requests: true });
  return { ...recording, steps: explainedSteps(recording) };
}

/** What a model records, made while it is read. */
export function streamOf(
  { id, machine }: ModelBackend,
  trace: Trace,
  options: RecordOptions,
): RecordingStream {
  const steps = stepsOn(machine(trace.world), trace, options);
  return { format: "pfndiff/recording@1", backend: id, trace, steps };
}

/** Whether a backend is a model that needs no clock: its steps may be made when they are read. */
export function isOurs(backend: Backend): backend is ModelBackend {
  return isModel(backend) && backend.guarded === undefined;
}

/** Runs two sides together, under the clock of each that has one. */
export function underGuards<T>({ before, after }: Pair, what: string, work: () => T): T {
  return underOne(before, what, () => underOne(after, what, work));
}

function underOne<T>(backend: Backend, what: string, work: () => T): T {
  const guarded = isModel(backend) ? backend.guarded : undefined;
  return guarded === undefined ? work() : guarded(what, work);
}
