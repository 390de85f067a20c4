import * as fc from "fast-check";
import type { AllocationSite } from "../src/pat/kernelstate.ts";
import type { Op } from "../src/trace/op.ts";
import type { Trace } from "../src/trace/trace.ts";
import { seedOfRun, traceOfRun } from "./arbitrary.ts";
import { idiomTrace } from "./idioms.ts";

/** The trace of one run of a campaign; it depends on the seed and the run's index only. */
export type TraceSource = (seed: number, run: number) => Trace;

/** Where an op of each kind allocates; one that is not named here does not. */
const SITES: Readonly<Partial<Record<Op["op"], readonly AllocationSite[]>>> = {
  mmap: ["memtype", "context", "page-table", "vma", "vma-setup"],
  munmap: ["vma", "vma-setup"],
  mremap: ["vma", "vma-setup", "page-table"],
  mprotect: ["vma", "vma-setup"],
  madvise: ["vma", "vma-setup"],
  mseal: ["vma", "vma-setup"],
  fork: ["memtype", "page-table", "vma", "vma-setup"],
};

const MOST_NTH = 3;

/** A run's trace with one allocation of one of its ops told to fail. */
export function faultedTraceOfRun(seed: number, run: number): Trace {
  return withOneFault(traceOfRun(seed, run), seed, run);
}

/** A trace of a run with one allocation of one of its ops told to fail. */
export function withOneFault(trace: Trace, seed: number, run: number): Trace {
  const places = [...trace.ops.keys()].filter((index) => sitesOf(trace, index).length > 0);
  if (places.length === 0) return trace;
  const drawn = seedOfRun(seed, run) >>> 0;
  const index = places[drawn % places.length] as number;
  const sites = sitesOf(trace, index);
  const at = sites[Math.floor(drawn / 256) % sites.length] as AllocationSite;
  const nth = 1 + (Math.floor(drawn / 65_536) % MOST_NTH);
  const op = trace.ops[index] as Op;
  return { ...trace, ops: trace.ops.with(index, { ...op, fault: { at, nth } }) };
}

function sitesOf({ ops }: Trace, index: number): readonly AllocationSite[] {
  return SITES[(ops[index] as Op).op] ?? [];
}

/** A run's trace of driver idioms. */
export function idiomTraceOfRun(seed: number, run: number): Trace {
  const [trace] = fc.sample(idiomTrace, { seed: seedOfRun(seed, run), numRuns: 1 });
  if (trace === undefined) throw new Error("fast-check sampled nothing");
  return { ...trace, name: `seed ${seed} run ${run}` };
}

/** The sources by name: a campaign that is gone on with elsewhere must draw the same traces. */
export const SOURCES = {
  plain: traceOfRun,
  faults: faultedTraceOfRun,
  idioms: idiomTraceOfRun,
} as const satisfies Readonly<Record<string, TraceSource>>;

export type SourceName = keyof typeof SOURCES;
