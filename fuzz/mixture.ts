import * as fc from "fast-check";
import type { AllocationSite } from "../src/pat/kernelstate.ts";
import type { Op, OpKind } from "../src/trace/op.ts";
import type { Trace } from "../src/trace/trace.ts";
import { seedOfRun, traceOfRun } from "./arbitrary.ts";
import { idiomTrace } from "./idioms.ts";
import { partsTrace } from "./parts.ts";
import type { TraceSource } from "./sources.ts";

/** Where an op of a kind allocates: a fault anywhere else has no effect. */
const SITES: Readonly<Partial<Record<OpKind, readonly AllocationSite[]>>> = {
  mmap: ["memtype", "context", "page-table", "page-table", "vma", "vma-setup"],
  "drv-mmap": ["memtype", "context", "page-table", "page-table", "vma"],
  "drv-run": ["memtype", "context", "page-table"],
  munmap: ["vma", "vma-setup"],
  mprotect: ["vma", "vma-setup"],
  mremap: ["page-table", "page-table", "vma", "vma-setup"],
  fork: ["memtype", "page-table", "page-table", "vma", "vma-setup"],
};

/** Of so many ops that allocate, one is told to fail. */
const FAULT_EVERY = 3;
/** A move past this page needs a page table that its process does not have yet. */
const FAR = 512;
const MOST_OPS = 256;

const faultDraws = fc.array(fc.nat({ max: 999 }), { minLength: MOST_OPS, maxLength: MOST_OPS });

function sampleOf<T>(arbitrary: fc.Arbitrary<T>, seed: number, run: number): T {
  const [value] = fc.sample(arbitrary, { seed: seedOfRun(seed, run), numRuns: 1 });
  if (value === undefined) throw new Error("fast-check sampled nothing");
  return value;
}

function withFault(op: Op, draw: number): Op {
  const sites = SITES[op.op];
  if (sites === undefined || draw % FAULT_EVERY !== 0) return op;
  const choice = Math.floor(draw / FAULT_EVERY);
  const at = sites[choice % sites.length] as AllocationSite;
  const nth = choice % 7 === 0 ? 2 : 1;
  const faulted = { ...op, fault: { at, nth } };
  if (faulted.op !== "mremap" || faulted.to === undefined || at !== "page-table") return faulted;
  return { ...faulted, to: faulted.to + FAR };
}

/** A trace in which some of the allocations fail. */
function withFaults(trace: Trace, seed: number, run: number): Trace {
  const draws = sampleOf(faultDraws, seed, run);
  const ops = trace.ops.map((op, n) => withFault(op, draws[n % MOST_OPS] as number));
  return { ...trace, world: { ...trace.world, vpages: trace.world.vpages + FAR }, ops };
}

/** The trace of a driver: of four runs two of wholes and parts, one with failing allocations. */
function driverTrace(seed: number, run: number): Trace {
  const kind = (run >> 2) % 4;
  const trace = sampleOf(kind >= 2 ? partsTrace : idiomTrace, seed, run);
  const named = { ...trace, name: `seed ${seed} run ${run}` };
  return kind === 1 ? withFaults(named, seed, run) : named;
}

/**
 * A search through all that can be modelled, over traces of system calls: of four runs two are of
 * those only, one has allocations that fail, one is of drivers.
 */
export function mixtureOf(traceOf: TraceSource): TraceSource {
  return (seed, run) => {
    const kind = run % 4;
    if (kind === 1) return withFaults(traceOf(seed, run), seed, run);
    return kind === 3 ? driverTrace(seed, run) : traceOf(seed, run);
  };
}

/** The trace of one run of such a search. */
export const mixedTrace: TraceSource = mixtureOf(traceOfRun);
