import { type Op, rowOf } from "../src/trace/op.ts";
import type { Trace } from "../src/trace/trace.ts";
import { IdiomWriter } from "./idioms.ts";
import { writePartialMaps } from "./partialmaps.ts";
import { Random } from "./random.ts";
import { nameOfRun, traceOfRun } from "./traceofrun.ts";

/** The trace of one run of a campaign; it depends on the seed and the run's index only. */
export type TraceSource = (seed: number, run: number) => Trace;

/** These serve run after run. */
const random = new Random();
const idioms = new IdiomWriter(random);

const MOST_NTH = 3;

/** A run's trace with one allocation of one of its ops told to fail. */
export function faultedTraceOfRun(seed: number, run: number): Trace {
  return withOneFault(traceOfRun(seed, run), seed, run);
}

/** A trace of a run with one allocation of one of its ops told to fail. */
export function withOneFault(trace: Trace, seed: number, run: number): Trace {
  const { ops } = trace;
  let allocating = 0;
  for (const { op } of ops) if (rowOf(op).allocates.length > 0) allocating++;
  if (allocating === 0) return trace;
  random.restart(seed, run, "fault");
  let left = random.below(allocating);
  const index = ops.findIndex(({ op }) => rowOf(op).allocates.length > 0 && left-- === 0);
  const op = ops[index] as Op;
  const fault = { at: random.pick(rowOf(op.op).allocates), nth: random.between(1, MOST_NTH) };
  return { ...trace, ops: ops.with(index, { ...op, fault }) };
}

/** Of so many ops that allocate, one is told to fail. */
const FAULT_EVERY = 3;
/** A move past this page needs a page table that its process does not have yet. */
const FAR = 512;

function withFault(op: Op): Op {
  const { allocates } = rowOf(op.op);
  if (allocates.length === 0 || !random.chance(1, FAULT_EVERY)) return op;
  const fault = { at: random.pick(allocates), nth: random.chance(1, 7) ? 2 : 1 };
  const faulted = { ...op, fault };
  if (faulted.op !== "mremap" || faulted.to === undefined) return faulted;
  return fault.at === "page-table" ? { ...faulted, to: faulted.to + FAR } : faulted;
}

/** A trace in which some of the allocations fail. */
function withFaults(trace: Trace, seed: number, run: number): Trace {
  random.restart(seed, run, "fault");
  const { world } = trace;
  const ops = trace.ops.map(withFault);
  return { ...trace, world: { ...world, vpages: world.vpages + FAR }, ops };
}

/** A run's trace of driver idioms. */
export function idiomTraceOfRun(seed: number, run: number): Trace {
  random.restart(seed, run, "trace");
  return idioms.write(nameOfRun(seed, run));
}

/** The trace of a driver: of four runs two of wholes and parts, one with failing allocations. */
function driverTrace(seed: number, run: number): Trace {
  const kind = (run >> 2) % 4;
  if (kind < 2) {
    const trace = idiomTraceOfRun(seed, run);
    return kind === 1 ? withFaults(trace, seed, run) : trace;
  }
  random.restart(seed, run, "trace");
  return writePartialMaps(random, nameOfRun(seed, run));
}

/**
 * A search through all that can be modelled: of four runs two are of system calls only, one has
 * allocations that fail, one is of drivers.
 */
export function mixedTrace(seed: number, run: number): Trace {
  const kind = run % 4;
  if (kind === 3) return driverTrace(seed, run);
  const trace = traceOfRun(seed, run);
  return kind === 1 ? withFaults(trace, seed, run) : trace;
}

/** The sources by name: a campaign that is gone on with elsewhere must draw the same traces. */
export const SOURCES = {
  plain: traceOfRun,
  faults: faultedTraceOfRun,
  idioms: idiomTraceOfRun,
} as const satisfies Readonly<Record<string, TraceSource>>;

export type SourceName = keyof typeof SOURCES;
