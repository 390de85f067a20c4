import {
  anyTrace,
  claimedTraceOfRun,
  regionedCallsOfRun,
  regionedDriversOfRun,
  driverTraceOfRun,
  faultedTraceOfRun,
  knownToTrees,
  mistakenTraceOfRun,
  piecesOfRun,
  SOURCES,
  type TraceSource,
  withDrivers,
} from "../../fuzz/sources.ts";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import { MODULE } from "../../kernel/modules.ts";
import type { ModelBackend } from "../model/backend.ts";
import { isDriverOp } from "../trace/driverkinds.ts";
import type { Op } from "../trace/op.ts";
import type { Trace } from "../trace/trace.ts";
import { UserError } from "../usererror.ts";
import { isKernel, isTree, openLiveKernel, standInFor } from "./backends.ts";
import {
  disagreementOn,
  type FirstDisagreement,
  SHRUNK,
  type Shown,
  showDisagreement,
  shownText,
  type Voices,
} from "./disagreement.ts";
import { EXIT, type Io } from "./io.ts";
import { knownToKernels } from "./leftout.ts";
import { reportLost } from "./losttraces.ts";

export interface LiveOptions {
  readonly live: string;
  readonly runs: number;
  readonly seed: number;
  /** Guests at once. */
  readonly jobs: number;
  readonly out: string;
  /** Tell allocations of every trace to fail, on a kernel that is built for it; trees are always told. */
  readonly faults?: boolean;
  /** Nothing but what drivers do, on a kernel with the module. */
  readonly drivers?: boolean;
  /** Draw drivers that make mistakes, on a tree or on a kernel with the module. */
  readonly mistakes?: boolean;
  /** Draw drivers that claim the device, on a tree or on a kernel with the module. */
  readonly claims?: boolean;
  readonly regions?: boolean;
  /** Draw drivers that insert pages in pieces of 2 MiB, on a tree or on a kernel with the module. */
  readonly pieces?: boolean;
  readonly json?: boolean;
}

/** Traces that a guest runs between two looks at the terminal. */
const BATCH = 64;

/** What a kernel and its model were asked, and where they part. */
interface Tally {
  traces: number;
  writeBack: number;
  ofDrivers: number;
  steps: number;
  /** Traces in which they part. */
  disagreements: number;
  /** By shape: the first trace that showed it. */
  readonly first: Map<string, { readonly trace: Trace; readonly found: FirstDisagreement }>;
}

/** Runs random traces on a kernel and on its model, and saves the least that tells them apart. */
export async function conformLive(io: Io, options: LiveOptions): Promise<number> {
  const kernel = await openLiveKernel(options.live, "--live", { guests: options.jobs });
  const { out } = options;
  try {
    const running = await kernel.identify();
    const { release } = running;
    const { model: stand, unverified } = await standInFor(running);
    const voices: Voices = { kernel, model: stand };
    const tally = await compareRuns(io, voices, options);
    const shown = await shownDisagreements(io, voices, tally, out);
    const { lost, atBoot } = await reportLost(io, out, [kernel]);
    const { traces, writeBack, ofDrivers, steps, disagreements } = tally;
    const model = voices.model.id;
    if (options.json === true) {
      const counts = { runs: traces, writeBack, ofDrivers, steps, disagreements, lost, atBoot };
      await io.out(`${JSON.stringify({ release, model, unverified, ...counts, shown })}\n`);
    } else {
      await io.out(shown.map((each) => `${each.wrong} bug, ${shownText(each)}`).join(""));
      if (unverified !== null) await io.out(`${unverified}\n`);
      await io.out(
        `${release} against ${model}: seed ${options.seed}, ${traces} traces (${writeBack} of ` +
          `them in write-back memory${ofDrivers === 0 ? "" : `, ${ofDrivers} of drivers`}), ${steps} steps, ${disagreements} disagreements, ` +
          `${lost} traces lost\n`,
      );
    }
    if (io.interrupted.aborted) return EXIT.interrupted;
    return disagreements + lost + atBoot === 0 ? EXIT.ok : EXIT.divergence;
  } finally {
    await kernel.close();
  }
}

/** What is drawn for options that need a kernel's guest to have the module. */
const OF_MODULE = {
  drivers: driverTraceOfRun,
  mistakes: mistakenTraceOfRun,
  claims: claimedTraceOfRun,
  pieces: piecesOfRun,
} as const satisfies Partial<Record<keyof LiveOptions, TraceSource>>;
type ModuleOption = keyof typeof OF_MODULE;

/** What a kernel is asked: of a guest with the module also what drivers do, up to where that would end it. */
async function sourceFor(
  io: Io,
  { kernel, model }: Voices,
  options: LiveOptions,
): Promise<TraceSource> {
  if (isTree(kernel)) {
    if (options.mistakes === true) return SOURCES.mistakes;
    if (options.claims === true) return knownToTrees(SOURCES.claims);
    if (options.regions === true) return knownToTrees(SOURCES.regions);
    if (options.pieces === true) return SOURCES.pieces;
    return knownToTrees(anyTrace);
  }
  const hasModule = isKernel(kernel) && !kernel.lacks.has(MODULE);
  const asked = Object.entries(OF_MODULE).find(([name]) => options[name as ModuleOption]);
  if (asked !== undefined && !hasModule) {
    throw new UserError(
      `--${asked[0]}: ${kernel.id} has no module (pfndiff kernel module makes one)`,
    );
  }
  const regioned = hasModule ? regionedDriversOfRun : regionedCallsOfRun;
  const usual = hasModule ? withDrivers : traceOfRun;
  const plain = options.regions === true ? regioned : usual;
  const drawn = asked?.[1] ?? (options.faults === true ? faultedTraceOfRun : plain);
  const known = await knownToKernels([kernel], drawn, (line) => io.err(line));
  return (seed, run) => beforeBug(model, withoutParts(known(seed, run)));
}

/**
 * A trace without ioremap() of parts of pages of RAM. A guest shows what the kernel's own page table has of RAM, which keeps
 * the mode after iounmap(); models, and trees, show the type of the pages, which goes then.
 */
function withoutParts(trace: Trace): Trace {
  const isPart = (op: Op) => op.op === "ioremap" && op.ram === true && op.inset === true;
  return { ...trace, ops: trace.ops.filter((op) => !isPart(op)) };
}

/** A trace up to the op in which its model reaches a BUG(): a guest's kernel ends there. */
function beforeBug(model: ModelBackend, trace: Trace): Trace {
  if (!trace.ops.some(isDriverOp)) return trace;
  const { steps } = model.recordSync(trace);
  const end = steps.findIndex(({ events }) => events.some(({ kind }) => kind === "bug"));
  return end < 0 ? trace : { ...trace, ops: trace.ops.slice(0, end) };
}

async function compareRuns(io: Io, voices: Voices, options: LiveOptions): Promise<Tally> {
  const { runs, seed, jobs } = options;
  const none = { traces: 0, writeBack: 0, ofDrivers: 0, steps: 0, disagreements: 0 };
  const tally: Tally = { ...none, first: new Map() };
  const traceOf = await sourceFor(io, voices, options);
  let shownAt = performance.now();
  for (let from = 0; from < runs && !io.interrupted.aborted; from += BATCH * jobs) {
    const count = Math.min(BATCH * jobs, runs - from);
    const traces = Array.from({ length: count }, (_, at) => traceOf(seed, from + at));
    await voices.kernel.prepare(traces);
    for (const trace of traces) {
      tally.traces += 1;
      tally.ofDrivers += trace.ops.some(isDriverOp) ? 1 : 0;
      tally.writeBack += trace.world.mtrr === "write-back" ? 1 : 0;
      tally.steps += trace.ops.length;
      const found = await disagreementOn(voices, trace);
      if (found === null) continue;
      tally.disagreements += 1;
      if (!tally.first.has(found.shape)) tally.first.set(found.shape, { trace, found });
    }
    if (performance.now() - shownAt < 5000) continue;
    shownAt = performance.now();
    io.err(`${tally.traces} traces, ${tally.steps} steps, ${tally.disagreements} disagreements\n`);
  }
  return tally;
}

async function shownDisagreements(
  io: Io,
  voices: Voices,
  { first }: Tally,
  out: string,
): Promise<Shown[]> {
  const shown: Shown[] = [];
  for (const { trace, found } of [...first.values()].slice(0, SHRUNK)) {
    if (io.interrupted.aborted) break;
    shown.push(await showDisagreement(voices, trace, found, out));
  }
  return shown;
}
