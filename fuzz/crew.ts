import type { CampaignFinding, JudgedFinding } from "../src/oracle/finding.ts";
import type { Trace } from "../src/trace/trace.ts";
import { traceOfRun } from "./traceofrun.ts";
import type { Differential } from "./differential.ts";
import { shrinkLater } from "./shrink.ts";
import type { TraceSource } from "./sources.ts";
import { type RunRange, type Sighting, type Tally, Tallier } from "./tally.ts";

/** When to stop in the middle of a range. */
export interface Stop {
  readonly signal?: AbortSignal | undefined;
  /** Whether to stop now: asked before every run. */
  isDue(): boolean;
}

/** Who does the work of a campaign: this process, worker threads, or other machines. */
export interface Crew {
  /** How many ranges, or signatures, it takes at a time. */
  readonly jobs: number;
  /** Tallies a range, or, when it had to stop, the first runs of it; null when not even one. */
  tally(range: RunRange, stop: Stop): Promise<Tally | null>;
  /** Shrinks the best example of a signature; null when the signal came first. */
  shrink(
    signature: string,
    sighting: Sighting,
    signal?: AbortSignal,
  ): Promise<CampaignFinding | null>;
}

/** How often a campaign looks up from its work, in milliseconds. */
const TURN_MS = 50;

/** Lets timers, signals and the terminal have their turn. */
export const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Does everything in this process. */
export function localCrew(
  seed: number,
  differential: Differential,
  traceOf: TraceSource = traceOfRun,
): Crew {
  return {
    jobs: 1,
    tally: (range, stop) => tallyUntil(seed, range, differential, traceOf, stop),
    shrink: async (signature, sighting, signal) => {
      await nextTurn();
      if (signal?.aborted === true) return null;
      return minimalFinding(seed, signature, sighting, differential, traceOf);
    },
  };
}

async function tallyUntil(
  seed: number,
  { from, to }: RunRange,
  differential: Differential,
  traceOf: TraceSource,
  stop: Stop,
): Promise<Tally | null> {
  const tallier = new Tallier();
  let turn = performance.now();
  for (let run = from; run < to && !stop.isDue(); run++) {
    const trace = traceOf(seed, run);
    const outcome = differential(trace);
    const difference = outcome instanceof Promise ? await outcome : outcome;
    tallier.add(run, trace.ops.length, difference);
    if (performance.now() - turn < TURN_MS) continue;
    await nextTurn();
    turn = performance.now();
  }
  const tally = tallier.tally();
  return tally.ranges.length === 0 ? null : tally;
}

const NEVER: Stop = { isDue: () => false };

/** Tallies a range of runs, from `from` up to `to`: the part of a campaign that one job does. */
export async function tallyRuns(
  seed: number,
  from: number,
  to: number,
  differential: Differential,
  traceOf: TraceSource = traceOfRun,
): Promise<Tally> {
  const tally = await tallyUntil(seed, { from, to }, differential, traceOf, NEVER);
  if (tally === null) throw new Error(`there is no run from ${from} up to ${to}`);
  return tally;
}

/**
 * Shrinks the best example of a signature. Where the sides had not parted in it, they do not in
 * what is left of it: there the other side's silence means something.
 */
export async function minimalFinding(
  seed: number,
  signature: string,
  sighting: Sighting,
  differential: Differential,
  traceOf: TraceSource,
): Promise<CampaignFinding> {
  const example = await exampleOf(
    signature,
    sighting,
    differential,
    traceOf(seed, sighting.best.run),
  );
  const shrunk = await shrinkLater(example.trace, example.holds);
  return example.finding(shrunk);
}

/** The best example of a signature as it was drawn, cut after the step that shows it. */
export async function roughFinding(
  seed: number,
  signature: string,
  sighting: Sighting,
  differential: Differential,
  traceOf: TraceSource,
): Promise<CampaignFinding> {
  const example = await exampleOf(
    signature,
    sighting,
    differential,
    traceOf(seed, sighting.best.run),
  );
  return example.finding(example.trace);
}

interface WholeExample {
  readonly trace: Trace;
  holds(trace: Trace): Promise<boolean>;
  finding(trace: Trace): Promise<CampaignFinding>;
}

async function exampleOf(
  signature: string,
  sighting: Sighting,
  differential: Differential,
  whole: Trace,
): Promise<WholeExample> {
  const find = finder(signature, sighting, differential);
  const holds = async (trace: Trace) => (await find(trace)) !== null;
  const until = untilShown(whole, sighting);
  return {
    trace: (await holds(until)) ? until : whole,
    holds,
    finding: async (least) => {
      const found = await find(least);
      if (found === null) throw new Error(`${signature} was lost: the differential is unsteady`);
      return keptOf(found, sighting, named(least, signature));
    },
  };
}

/** Later ops seldom matter, but a verdict may come from what the other side does in them. */
function untilShown(whole: Trace, { best }: Sighting): Trace {
  return { ...whole, ops: whole.ops.slice(0, best.step + 1) };
}

/** A finding shows the trace under its own name. */
const named = (trace: Trace, signature: string): Trace => ({ ...trace, name: signature });

/** Looks for a signature in a trace. */
function finder(
  signature: string,
  { best }: Sighting,
  differential: Differential,
): (trace: Trace) => Promise<JudgedFinding | null> {
  const shows = (f: JudgedFinding) => f.signature === signature && (best.parted || !f.parted);
  return async (looked) => {
    const { findings } = await differential(named(looked, signature));
    return findings.find(shows) ?? null;
  };
}

/** What the campaign keeps of a finding. To read its sentence may take another run. */
function keptOf(found: JudgedFinding, sighting: Sighting, trace: Trace): CampaignFinding {
  const { signature, symptom, verdict, cause, side, parted, detail, step } = found;
  const { count, firstRun } = sighting;
  const seen = { signature, symptom, verdict, cause, count, firstRun };
  return { ...seen, side, parted, detail, trace, step };
}

/**
 * Shrinks by a differential that stands for the real one, where that is too slow to be asked
 * thousands of times. What it leads to is confirmed by the real one; else the trace stays whole.
 */
export async function minimalByProxy(
  signature: string,
  sighting: Sighting,
  { real, proxy }: { readonly real: Differential; readonly proxy: Differential },
  whole: Trace,
): Promise<CampaignFinding> {
  const until = untilShown(whole, sighting);
  const candidates = [until, whole];
  const find = finder(signature, sighting, proxy);
  const holds = async (trace: Trace) => (await find(trace)) !== null;
  for (const start of [until, whole]) {
    if (!(await holds(start))) continue;
    candidates.unshift(await shrinkLater(start, holds));
    break;
  }
  const confirm = finder(signature, sighting, real);
  for (const candidate of candidates) {
    const finding = await confirm(candidate);
    if (finding !== null) return keptOf(finding, sighting, named(candidate, signature));
  }
  throw new Error(`${signature} was lost: the differential is unsteady`);
}
