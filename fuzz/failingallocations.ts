import { ALLOCATION_SITES, type AllocationSite } from "../src/pat/kernelstate.ts";
import type { Op } from "../src/trace/op.ts";
import { bornBy, opFault, type Trace, type World } from "../src/trace/trace.ts";

/** Allocations of one site that an op of a small scope can make at most. */
const MOST = 8;
/** So many faults in a row without effect mean that an op allocates no more at that site. */
const PATIENCE = 2;

/** A trace in which one allocation of one op fails. */
export interface Faulted {
  readonly trace: Trace;
  /** Index of the op. */
  readonly index: number;
  readonly site: AllocationSite;
  readonly nth: number;
}

export interface SweepOptions {
  readonly traces: Iterable<Trace>;
  readonly sites?: readonly AllocationSite[];
  /**
   * What the backends show of a trace, as one string. It tells whether a fault had any effect: an
   * allocation that is never made cannot fail.
   */
  readonly show: (trace: Trace) => string;
}

function withFault(trace: Trace, index: number, at: AllocationSite, nth: number): Trace {
  const op = trace.ops[index] as Op;
  const ops = trace.ops.with(index, { ...op, fault: { at, nth } });
  return { ...trace, name: `${trace.name}, op ${index} without ${at} ${nth}`, ops };
}

/** Every trace with every single fault that has an effect, at every op. */
export function* sweep({
  traces,
  sites = ALLOCATION_SITES,
  show,
}: SweepOptions): Generator<Faulted, void, undefined> {
  for (const trace of traces) {
    const plain = show(trace);
    for (const index of trace.ops.keys()) {
      for (const site of sites) yield* faultsAt(trace, plain, index, site, show);
    }
  }
}

function* faultsAt(
  trace: Trace,
  plain: string,
  index: number,
  site: AllocationSite,
  show: SweepOptions["show"],
): Generator<Faulted, void, undefined> {
  let idle = 0;
  for (let nth = 1; nth <= MOST && idle < PATIENCE; nth++) {
    const faulted = withFault(trace, index, site, nth);
    idle = show(faulted) === plain ? idle + 1 : 0;
    if (idle === 0) yield { trace: faulted, index, site, nth };
  }
}

/**
 * Every trace of up to `length` ops out of an alphabet, each after `prefix`; ops that would bring
 * a process to life twice, or that do not fit the world, are left out.
 */
export function* shortTraces(
  world: World,
  alphabet: readonly Op[],
  length: number,
  prefix: readonly Op[] = [],
): Generator<Trace, void, undefined> {
  const fitting = alphabet.filter((op) => opFault(op, world) === null);
  const pending: (readonly Op[])[] = [prefix];
  for (let ops = pending.pop(); ops !== undefined; ops = pending.pop()) {
    if (ops.length > prefix.length) yield traceOf(world, ops);
    if (ops.length === prefix.length + length) continue;
    const born = new Set(ops.map(bornBy));
    for (const op of fitting) {
      const child = bornBy(op);
      if (child === null || !born.has(child)) pending.push([...ops, op]);
    }
  }
}

function traceOf(world: World, ops: readonly Op[]): Trace {
  return { format: "pfndiff/trace@1", name: "small scope", world, ops: [...ops] };
}

/** The ops that small scopes are made of: one or two processes, three pages, two of them shared. */
export const SMALL_SCOPE: readonly Op[] = [
  { op: "mmap", proc: 0, at: 0, pages: 3, pfn: 0, via: "resource", prot: "rw", private: false },
  { op: "mmap", proc: 0, at: 1, pages: 2, pfn: 0, via: "resource_wc", prot: "rw", private: true },
  { op: "munmap", proc: 0, at: 1, pages: 1 },
  { op: "munmap", proc: 0, at: 0, pages: 2 },
  { op: "mprotect", proc: 0, at: 1, pages: 1, prot: "r" },
  { op: "madvise", proc: 0, at: 0, pages: 1, advice: "dontfork" },
  { op: "mremap", proc: 0, at: 0, pages: 3, newPages: 3, to: 512 },
  { op: "mremap", proc: 0, at: 1, pages: 1, newPages: 1, to: 4 },
  { op: "mremap", proc: 0, at: 0, pages: 3, newPages: 1 },
  { op: "touch", proc: 0, at: 0, write: true },
  { op: "fork", proc: 0, child: 1 },
  { op: "exit", proc: 0 },
];

/** A world for them: two page tables for each process. */
export const SMALL_WORLD: World = { pfns: 4, vpages: 516, mtrr: "uncached" };
