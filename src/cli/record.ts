import { open } from "node:fs/promises";
import { explainedSteps } from "../asked/explain.ts";
import { traceOf } from "../trace/read.ts";
import { blocks, recordingLine } from "../trace/write.ts";
import { type Race, wholeOrders } from "../trace/race.ts";
import type { Trace } from "../trace/trace.ts";
import { RESULTS_DIR } from "../results/findings.ts";
import type { Backend } from "../backend.ts";
import type { RecordingStream } from "../trace/recording.ts";
import { isKernel, isModel, openBackend } from "./backends.ts";
import { isOurs, streamOf } from "./bothsides.ts";
import { onDisk } from "../results/disk.ts";
import { racedDocumentsIn } from "./files.ts";
import { EXIT, type Io } from "./io.ts";
import { reportLost } from "./losttraces.ts";
import { RaceRecorder } from "./raceside.ts";

/** Traces that a kernel runs as one batch. */
const BATCH = 128;

export interface RecordOptions {
  readonly backend: string;
  readonly output?: string;
  /** Write with it what every mapping asked for and got, and what decided that. */
  readonly asked?: boolean;
  /** Guests at once, where the backend is a kernel. */
  readonly jobs?: number;
}

/**
 * Runs every trace of a file on a backend and writes a recording for each, as soon as it is
 * there. A faulty trace ends the run; the recordings before it have been written.
 */
export async function record(io: Io, file: string, options: RecordOptions): Promise<number> {
  const backend = await openBackend(options.backend, { guests: options.jobs ?? 1 });
  const { output } = options;
  const sink = output === undefined ? null : await onDisk(output, (path) => open(path, "w"));
  const races = new RaceRecorder(backend);
  const write = async (text: string) => {
    if (sink === null || output === undefined) await io.out(text);
    else await onDisk(output, () => sink.appendFile(text));
  };
  try {
    for await (const batch of tracesIn(io, file, isKernel(backend) ? BATCH : 1)) {
      if (isKernel(backend)) await backend.prepare(batch.filter(isPlain));
      for (const trace of batch) {
        if (io.interrupted.aborted || io.closed) break;
        const recording = isRace(trace)
          ? await races.record(trace)
          : await recordingOf(backend, trace, options.asked === true);
        if (recording === null) continue;
        for (const block of blocks(recordingLine(recording))) {
          if (io.closed) break;
          await write(block);
        }
      }
      if (io.interrupted.aborted || io.closed) break;
    }
    const { lost, atBoot } = await reportLost(io, RESULTS_DIR, [backend]);
    return lost + atBoot > 0 ? EXIT.divergence : EXIT.ok;
  } finally {
    races.close();
    await backend.close?.();
    await sink?.close();
  }
}

const isRace = (one: Trace | Race): one is Race => "both" in one;
const isPlain = (one: Trace | Race): one is Trace => !isRace(one);

/**
 * A file's traces in batches; the last one may be smaller. A fault ends a batch, then is thrown. Of two tasks
 * without a schedule every order of whole ops is a trace.
 */
async function* tracesIn(
  io: Io,
  file: string,
  size: number,
): AsyncGenerator<readonly (Trace | Race)[]> {
  let batch: (Trace | Race)[] = [];
  try {
    for await (const document of racedDocumentsIn(io, file)) {
      if (document.kind !== "race") batch.push(traceOf(document));
      else if (document.race.both.schedule !== undefined) batch.push(document.race);
      else batch.push(...wholeOrders(document.race));
      if (batch.length < size) continue;
      yield batch;
      batch = [];
    }
  } catch (error) {
    if (batch.length > 0) yield batch;
    throw error;
  }
  if (batch.length > 0) yield batch;
}

/** The recording of a trace, or null where a kernel could not finish it; `asked`: explained. */
async function recordingOf(
  backend: Backend,
  trace: Trace,
  asked: boolean,
): Promise<RecordingStream | null> {
  const recording = await plainRecording(backend, trace, asked);
  if (recording === null || !asked) return recording;
  return { ...recording, steps: explainedSteps(recording) };
}

/** `requests`: what a model was asked for goes with it. */
async function plainRecording(
  backend: Backend,
  trace: Trace,
  requests: boolean,
): Promise<RecordingStream | null> {
  if (isOurs(backend)) return streamOf(backend, trace, { requests });
  if (isModel(backend)) return backend.recordSync(trace, { requests });
  if (!isKernel(backend)) return backend.record(trace);
  const outcome = await backend.outcome(trace);
  return "recording" in outcome ? outcome.recording : null;
}
