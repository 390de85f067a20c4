import { takesDevice } from "../src/trace/driverkinds.ts";
import type { CallKind } from "../src/trace/driverop.ts";
import { beyondTrees, type Op, type OpKind, rowOf } from "../src/trace/op.ts";
import { isDevice, memoryOf, type Trace } from "../src/trace/trace.ts";
import { withApart } from "./apart.ts";
import { withClaims } from "./claims.ts";
import { IdiomWriter } from "./idioms.ts";
import { writePartialMaps } from "./partialmaps.ts";
import { Random } from "./random.ts";
import { writePieces } from "./pieces.ts";
import { withRegions } from "./regions.ts";
import { nameOfRun, traceOfRun } from "./traceofrun.ts";

/** The trace of one run of a campaign; it depends on the seed and the run's index only. */
export type TraceSource = (seed: number, run: number) => Trace;

/** These serve run after run. */
const random = new Random();
const anyDrivers = IdiomWriter.ofAny(random);
const usualDrivers = IdiomWriter.ofUsual(random);
const mistakenDrivers = IdiomWriter.ofMistaken(random);

/** How many allocations of a trace are told to fail, and which of its site within the op. */
const FAULTS = [1, 1, 2, 3] as const;
const NTH = [1, 1, 1, 1, 2, 3] as const;
/** A move past this page needs a page table that its process does not have yet. */
const FAR = 512;

/** Calls that have the most to undo; half of the failures are theirs. */
const UNDOING: ReadonlySet<OpKind> = new Set(["fork", "mremap"]);

const mayFail = ({ op, fault }: Op) => fault === undefined && rowOf(op).allocates.length > 0;

/** The op with an allocation told to fail; a move that is to miss a page table goes where none is. */
function withFault(op: Op): Op {
  const fault = { at: random.pick(rowOf(op.op).allocates), nth: random.pick(NTH) };
  const faulted = { ...op, fault };
  if (faulted.op !== "mremap" || faulted.to === undefined || faulted.to >= FAR) return faulted;
  return fault.at === "page-table" ? { ...faulted, to: faulted.to + FAR } : faulted;
}

/** A trace of a run with one to three of its allocations told to fail, each of another op. */
export function withFaults(trace: Trace, seed: number, run: number): Trace {
  const { world } = trace;
  random.restart(seed, run, "fault");
  const ops = [...trace.ops];
  for (let left = random.pick(FAULTS); left > 0; left--) {
    const isDeep = random.chance(1, 2);
    let fitting = ops.filter((op) => op.fault === undefined && UNDOING.has(op.op) && isDeep);
    if (fitting.length === 0) fitting = ops.filter(mayFail);
    if (fitting.length === 0) break;
    const op = fitting[random.index(fitting.length)] as Op;
    ops[ops.indexOf(op)] = withFault(op);
  }
  const isFar = ops.some((op) => op.op === "mremap" && (op.to ?? 0) + op.newPages > world.vpages);
  return { ...trace, world: isFar ? { ...world, vpages: world.vpages + FAR } : world, ops };
}

/** Calls that change which VMAs there are: those ask for nodes of the tree that VMAs are in. */
const changesVmas = ({ op }: Op) => rowOf(op).allocates.includes("vma");

/** A run's system calls, in which one to three ops cannot have a node of the tree of VMAs. */
function withoutNodes(seed: number, run: number): Trace {
  const trace = traceOfRun(seed, run);
  const fitting = trace.ops.flatMap((op, at) => (changesVmas(op) ? [at] : []));
  random.restart(seed, run, "fault");
  const ops = [...trace.ops];
  for (let left = random.pick(FAULTS); left > 0 && fitting.length > 0; left--) {
    const at = random.pick(fitting);
    ops[at] = { ...(ops[at] as Op), fault: { at: "maple-node", nth: random.pick(NTH) } };
  }
  return { ...trace, ops };
}

/** Traces of a source with some of their allocations told to fail. */
export function faulted(traceOf: TraceSource): TraceSource {
  return (seed, run) => withFaults(traceOf(seed, run), seed, run);
}

/** A run's trace with some of its allocations told to fail. */
export const faultedTraceOfRun = faulted(traceOfRun);

/** A run's trace of drivers whose handlers make any calls, and of the kernel's own mappings. */
export function idiomTraceOfRun(seed: number, run: number): Trace {
  return written(anyDrivers, seed, run);
}

function usualTraceOfRun(seed: number, run: number): Trace {
  return written(usualDrivers, seed, run);
}

/** A run's system calls, while a driver claims the device and lets go of it. */
export function claimedTraceOfRun(seed: number, run: number): Trace {
  const trace = traceOfRun(seed, run);
  return withClaims(random.restart(seed, run, "claims"), trace);
}

/** A run's system calls, or in one run of four drivers, about several regions. */
export function regionedTraceOfRun(seed: number, run: number): Trace {
  const trace = run % 4 === 3 ? usualTraceOfRun(seed, run) : traceOfRun(seed, run);
  return withRegions(random.restart(seed, run, "regions"), trace);
}

/** Traces about several regions as guests do them: those of one kind are one device's, which nobody takes then. */
function knownToGuests(traceOf: TraceSource): TraceSource {
  return (seed, run) => {
    const trace = traceOf(seed, run);
    const kinds = [trace.world, ...(trace.world.regions ?? [])].filter(isDevice).map(memoryOf);
    if (new Set(kinds).size === kinds.length) return trace;
    return { ...trace, ops: trace.ops.filter((op) => !takesDevice(op)) };
  };
}

/** A run's system calls about several regions, and those with drivers among them, for guests. */
export const regionedCallsOfRun = knownToGuests((seed, run) =>
  withRegions(random.restart(seed, run, "regions"), traceOfRun(seed, run)),
);
export const regionedDriversOfRun = knownToGuests(regionedTraceOfRun);

/** A run's trace of drivers that insert pages in pieces of 2 MiB. */
export function piecesOfRun(seed: number, run: number): Trace {
  return writePieces(random.restart(seed, run, "trace"), nameOfRun(seed, run));
}

/** A run's trace of drivers that make mistakes. */
export function mistakenTraceOfRun(seed: number, run: number): Trace {
  return written(mistakenDrivers, seed, run);
}

function written(writer: IdiomWriter, seed: number, run: number): Trace {
  random.restart(seed, run, "trace");
  const trace = writer.write(nameOfRun(seed, run));
  return withApart(random.restart(seed, run, "apart"), trace);
}

function partialMapsOfRun(seed: number, run: number): Trace {
  random.restart(seed, run, "trace");
  return writePartialMaps(random, nameOfRun(seed, run));
}

/** A source for each eighth run, by turns. */
const byTurns =
  (sources: readonly TraceSource[]): TraceSource =>
  (seed, run) =>
    (sources[Math.floor(run / 8) % sources.length] as TraceSource)(seed, run);

/**
 * Drivers that map wholes, parts, and pages as they are touched, in every other run with failing
 * allocations: what both designs do with them is in the baseline.
 */
const drivers = byTurns([partialMapsOfRun, faulted(partialMapsOfRun)]);

/** A source of system calls whose allocations fail in one of four runs. */
export function withFailing(traceOf: TraceSource): TraceSource {
  const failing = faulted(traceOf);
  return (seed, run) => (run % 4 === 1 ? failing : traceOf)(seed, run);
}

/**
 * What a campaign of models draws unless told otherwise: of eight runs five of system calls, two
 * with failing allocations, and one of drivers. `traceOf` draws the first two.
 */
export function mixture(traceOf: TraceSource): TraceSource {
  const failing = faulted(traceOf);
  const kinds: readonly TraceSource[] = [
    traceOf,
    failing,
    traceOf,
    drivers,
    traceOf,
    failing,
    traceOf,
    traceOf,
  ];
  return (seed, run) => (kinds[run % kinds.length] as TraceSource)(seed, run);
}

/**
 * A private mapping that a driver remaps whole while it stands has a pfn for its offset, where the file's tree of
 * mappings is sorted by offsets: whom a zap through that file meets then hangs on how the tree was balanced.
 */
function mayUnsort(ops: readonly Op[]): boolean {
  if (!ops.some((op) => op.op === "drv-mmap" && op.private)) return false;
  return ops.some((op) => {
    if (op.op !== "drv-mmap" && op.op !== "drv-run") return false;
    const isLive = op.op === "drv-run";
    return op.calls.some((call) =>
      call.call === "fault-handler" ? call.does !== "insert" : isLive && MAPPING.has(call.call),
    );
  });
}

/** Calls that may map a whole VMA. */
const MAPPING: ReadonlySet<CallKind> = new Set(["remap", "remap-window", "dma", "dma-window"]);

/** Traces of a source without what the program of a kernel tree does not know, or no model can tell. */
export function knownToTrees(traceOf: TraceSource): TraceSource {
  return (seed, run) => {
    const trace = traceOf(seed, run);
    const isUnsorted = mayUnsort(trace.ops);
    const isKnown = (op: Op) =>
      beyondTrees(op, trace.world) === null && !(isUnsorted && op.op === "drv-zap");
    return { ...trace, ops: trace.ops.filter(isKnown) };
  };
}

/** Drivers that zap, remap and call what they like, beside the kernel's own mappings. */
const anyDriver = byTurns([
  idiomTraceOfRun,
  usualTraceOfRun,
  faulted(idiomTraceOfRun),
  faulted(usualTraceOfRun),
]);
const mixedTraceOfRun = mixture(traceOfRun);

/** Drivers of all kinds, without failing allocations: what a guest with the module is given. */
export const driverTraceOfRun = byTurns([idiomTraceOfRun, usualTraceOfRun, partialMapsOfRun]);

/** System calls, and drivers in every other run. */
export function withDrivers(seed: number, run: number): Trace {
  return (run % 2 === 1 ? driverTraceOfRun : traceOfRun)(seed, run);
}

/**
 * A search through all that can be modelled, for planted faults: the mixture, and in one of eight
 * runs drivers of any kind.
 */
export function anyTrace(seed: number, run: number): Trace {
  return run % 8 === 7 ? anyDriver(seed, run) : mixedTraceOfRun(seed, run);
}

/** The sources by name: a campaign that is gone on with elsewhere must draw the same traces. */
export const SOURCES = {
  plain: traceOfRun,
  faults: faultedTraceOfRun,
  idioms: idiomTraceOfRun,
  /** Drivers of any kind, some with failing allocations, as far as trees know them. */
  drivers: knownToTrees(anyDriver),
  /** Drivers that make mistakes, some with failing allocations, as far as trees know them. */
  mistakes: knownToTrees(withFailing(mistakenTraceOfRun)),
  /** System calls, some with failing allocations, around a driver's claim of the device. */
  claims: withFailing(claimedTraceOfRun),
  /** System calls and drivers, some with failing allocations, about several regions. */
  regions: withFailing(regionedTraceOfRun),
  /** Drivers that insert pages in pieces of 2 MiB, some with failing allocations, as far as trees know them. */
  pieces: knownToTrees(withFailing(piecesOfRun)),
  /** System calls for which nodes of the tree of VMAs cannot be had, as trees alone show it. */
  nodes: knownToTrees(withoutNodes),
  mixed: mixedTraceOfRun,
  /** The mixture, as far as trees know it. */
  trees: knownToTrees(mixedTraceOfRun),
} as const satisfies Readonly<Record<string, TraceSource>>;

export type SourceName = keyof typeof SOURCES;
/** Where a campaign's traces come from: one of the sources, or what goes on from its corpus alone. */
export type PlanSource = SourceName | "begun";
export const PLAN_SOURCES: readonly PlanSource[] = [
  ...(Object.keys(SOURCES) as SourceName[]),
  "begun",
];
