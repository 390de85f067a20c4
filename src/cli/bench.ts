import { traceOfRun } from "../../fuzz/traceofrun.ts";
import { runCampaign } from "../../fuzz/campaign.ts";
import { TwoSides } from "../engine/twosides.ts";
import type { Recording } from "../trace/recording.ts";
import type { Trace } from "../trace/trace.ts";
import { DEFAULT_AFTER, DEFAULT_BEFORE, openModels } from "./backends.ts";
import { differentialOf } from "./campaign.ts";
import { runCommands } from "./fccommands.ts";
import { EXIT, type Io } from "./io.ts";

export interface BenchOptions {
  readonly json?: boolean;
  /** Seconds per measurement. */
  readonly time: number;
}

/** Ops per second of one way to use the project, and how much of the processor it got for them. */
interface Speed {
  readonly opsPerSec: number;
  /** Seconds of processor a second by the clock, of all threads: below 1 the machine was busy. */
  readonly cores: number;
}

interface BenchResult {
  readonly replay: { readonly legacy: Speed; readonly modern: Speed };
  readonly differential: Speed;
  readonly campaign: Speed;
  readonly fcCommands: Speed;
}

const SEED = 1;
const READY_TRACES = 200;

/** Measures how many ops per second each part gets through. */
export async function bench(io: Io, options: BenchOptions): Promise<number> {
  const pair = await openModels({ before: DEFAULT_BEFORE, after: DEFAULT_AFTER });
  const { before, after } = pair;
  const traces = Array.from({ length: READY_TRACES }, (_, run) => traceOfRun(SEED, run));
  const both = new TwoSides(before, after);
  const measure = (work: (trace: Trace) => unknown) => onTraces(traces, options.time, work);
  // A campaign records nothing, so it is measured before the engine has been made ready for that.
  const differential = measure((trace) => both.run(trace));
  const campaign = await wholeCampaign(pair, options.time, io);
  const replay = {
    legacy: measure((trace): Recording => before.recordSync(trace)),
    modern: measure((trace): Recording => after.recordSync(trace)),
  };
  const fcCommands = forSeconds(options.time, (round) => runCommands(pair, round));
  const result: BenchResult = { replay, differential, campaign, fcCommands };
  await io.out(options.json === true ? `${JSON.stringify(result)}\n` : text(result));
  return EXIT.ok;
}

/** How long each part runs before it is measured: until the engine has compiled what it measures. */
const WARM_UP_MS = 700;

/** Runs `work`, which tells how many ops it did, until the time is up. */
function forSeconds(seconds: number, work: (round: number) => number): Speed {
  const warm = performance.now() + WARM_UP_MS;
  do work(0);
  while (performance.now() < warm);
  const coresUsed = watchCores();
  const start = performance.now();
  let [ops, round, elapsed] = [0, 1, 0];
  while (elapsed < seconds * 1000) {
    ops += work(round);
    round += 1;
    elapsed = performance.now() - start;
  }
  return { opsPerSec: Math.round((ops * 1000) / elapsed), cores: coresUsed() };
}

/** From now on: the seconds of processor used, a second by the clock. */
function watchCores(): () => number {
  const used = process.cpuUsage();
  const start = performance.now();
  return () => {
    const { user, system } = process.cpuUsage(used);
    return Math.round((user + system) / 10 / (performance.now() - start)) / 100;
  };
}

function onTraces(
  traces: readonly Trace[],
  seconds: number,
  work: (trace: Trace) => unknown,
): Speed {
  return forSeconds(seconds, () => {
    for (const trace of traces) work(trace);
    return traces.reduce((ops, trace) => ops + trace.ops.length, 0);
  });
}

/** Generating, running, judging and tallying; shrinking is a matter of findings, not of ops. */
async function wholeCampaign(
  pair: Awaited<ReturnType<typeof openModels>>,
  seconds: number,
  io: Io,
): Promise<Speed> {
  const options = {
    before: pair.before.id,
    after: pair.after.id,
    seed: SEED,
    differential: differentialOf(pair),
    signal: io.interrupted,
  };
  await runCampaign({ ...options, milliseconds: WARM_UP_MS });
  const coresUsed = watchCores();
  const { campaign } = await runCampaign({ ...options, milliseconds: seconds * 1000 });
  return { opsPerSec: campaign.opsPerSecond, cores: coresUsed() };
}

function text({ replay, differential, campaign, fcCommands }: BenchResult): string {
  const rows: readonly [string, Speed][] = [
    ["replay, legacy", replay.legacy],
    ["replay, modern", replay.modern],
    ["differential: both models and the oracle", differential],
    ["campaign: generate, run, judge", campaign],
    ["the same by fast-check's fc.commands", fcCommands],
  ];
  const lines = rows.map(
    ([name, { opsPerSec }]) => `${name.padEnd(42)}${String(opsPerSec).padStart(10)} ops/s`,
  );
  return `${lines.join("\n")}\n`;
}
