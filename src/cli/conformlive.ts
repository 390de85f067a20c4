import { anyTrace, faultedTraceOfRun, knownToTrees } from "../../fuzz/sources.ts";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import type { Trace } from "../trace/trace.ts";
import { isTree, openLiveKernel, standInFor } from "./backends.ts";
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
  readonly json?: boolean;
}

/** Traces that a guest runs between two looks at the terminal. */
const BATCH = 64;

/** What a kernel and its model were asked, and where they part. */
interface Tally {
  traces: number;
  writeBack: number;
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
    const lost = await reportLost(io, out, [kernel]);
    const { traces, writeBack, steps, disagreements } = tally;
    const model = voices.model.id;
    if (options.json === true) {
      const counts = { runs: traces, writeBack, steps, disagreements, lost };
      await io.out(`${JSON.stringify({ release, model, unverified, ...counts, shown })}\n`);
    } else {
      await io.out(shown.map((each) => `model bug, ${shownText(each)}`).join(""));
      if (unverified !== null) await io.out(`${unverified}\n`);
      await io.out(
        `${release} against ${model}: seed ${options.seed}, ${traces} traces (${writeBack} of ` +
          `them in write-back memory), ${steps} steps, ${disagreements} disagreements, ` +
          `${lost} traces lost\n`,
      );
    }
    if (io.interrupted.aborted) return EXIT.interrupted;
    return disagreements + lost === 0 ? EXIT.ok : EXIT.divergence;
  } finally {
    await kernel.close();
  }
}

async function compareRuns(
  io: Io,
  voices: Voices,
  { runs, seed, jobs, faults }: LiveOptions,
): Promise<Tally> {
  const tally: Tally = { traces: 0, writeBack: 0, steps: 0, disagreements: 0, first: new Map() };
  const { kernel } = voices;
  const ofKernels = faults === true ? faultedTraceOfRun : traceOfRun;
  const drawn = isTree(kernel) ? knownToTrees(anyTrace) : ofKernels;
  const traceOf = await knownToKernels([kernel], drawn, (line) => io.err(line));
  let shownAt = performance.now();
  for (let from = 0; from < runs && !io.interrupted.aborted; from += BATCH * jobs) {
    const count = Math.min(BATCH * jobs, runs - from);
    const traces = Array.from({ length: count }, (_, at) => traceOf(seed, from + at));
    await voices.kernel.prepare(traces);
    for (const trace of traces) {
      tally.traces += 1;
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
