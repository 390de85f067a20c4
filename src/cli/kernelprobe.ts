import { join } from "node:path";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import { opText } from "../../reports/optext.ts";
import { show } from "../compare.ts";
import type { Recording } from "../trace/recording.ts";
import type { Trace } from "../trace/trace.ts";
import { UserError } from "../usererror.ts";
import { isKernel, openBackend, standInFor } from "./backends.ts";
import { disagreementOn, firstDisagreement, saveDisagreement } from "./disagreement.ts";
import { documentsIn, projectRoot } from "./files.ts";
import { EXIT, type Io } from "./io.ts";
import type { KernelSide } from "./kernelside.ts";
import { knownToKernels } from "./leftout.ts";
import { reportLost } from "./losttraces.ts";
import {
  FACTS,
  type Fact,
  factsTold,
  fittingRow,
  type Row,
  rowsOf,
  unexplained,
} from "./profiling.ts";

export interface ProbeOptions {
  readonly runs: number;
  readonly seed: number;
  readonly out: string;
  /** Guests at once. */
  readonly jobs: number;
  readonly json?: boolean;
}

/** Traces each of which tells two profiles apart (tests/bench/probes.ts finds them). */
async function probes(io: Io): Promise<Trace[]> {
  const traces: Trace[] = [];
  for await (const document of documentsIn(io, join(projectRoot(), "kernel", "probes.jsonl"))) {
    if (document.kind === "trace") traces.push(document.trace);
  }
  return traces;
}

/** What a kernel's recordings say of profiles. */
export interface Fit {
  /** The releases whose rows explain every recording. */
  readonly releases: readonly string[];
  /** The row that explains most. */
  readonly row: Row;
  readonly left: readonly Recording[];
  /** The facts that its recordings tell of. */
  readonly told: ReadonlySet<Fact>;
  /** The facts that what is left would tell of, and no value of which explains it. */
  readonly none: ReadonlySet<Fact>;
}

/** Finds the row that recordings of a kernel fit; `own` is the release that it should be. */
export function fitOf(rows: readonly Row[], own: string, recordings: readonly Recording[]): Fit {
  const releases = rows.filter((row) => unexplained(row, recordings).length === 0);
  const row = releases.find(({ id }) => id === own) ?? fittingRow(rows, recordings);
  const left = unexplained(row, recordings);
  const tracesOf = (some: readonly Recording[]) => some.map(({ trace }) => trace);
  return {
    releases: releases.map(({ id }) => id),
    row,
    left,
    told: factsTold(row, tracesOf(recordings)),
    none: factsTold(row, tracesOf(left)),
  };
}

/** Runs what tells profiles apart on a kernel, prints the row that fits, and tries it on random traces. */
export async function kernelProbe(io: Io, id: string, options: ProbeOptions): Promise<number> {
  const kernel = await openBackend(id, { guests: options.jobs });
  if (!isKernel(kernel))
    throw new UserError(`probe: ${id} is no kernel (kernel:6.12, kernel:PATH)`);
  try {
    const { release, design } = await kernel.identify();
    const rows = rowsOf(design);
    const { model } = await standInFor({ release, design });
    const recordings = await recordingsOf(kernel, await probes(io));
    const fit = fitOf(rows, model.id, recordings);
    const random = await disagreements(io, kernel, fit.row, options);
    const { lost, atBoot } = await reportLost(io, options.out, [kernel]);
    const strange = await strangeOf(kernel, fit, options.out);
    if (options.json === true) {
      const { releases, row, told, none } = fit;
      const facts = {
        profile: row.spec.profile,
        changed: [...row.changed],
        told: [...told],
        none: [...none],
      };
      const counts = {
        traces: recordings.length,
        runs: options.runs,
        disagreements: random,
        lost,
        atBoot,
      };
      await io.out(
        `${JSON.stringify({ release, design, ...counts, releases, nearest: row.id, ...facts, strange })}\n`,
      );
    } else {
      await io.out(
        `${release} (${design}): ${recordings.length} traces that tell profiles apart\n`,
      );
      await io.out(fitText(fit) + strange.map((line) => `${line}\n`).join(""));
      await io.out(`${options.runs} random traces besides: ${random} disagree, ${lost} lost\n`);
    }
    if (io.interrupted.aborted) return EXIT.interrupted;
    return fit.left.length + random + lost + atBoot === 0 ? EXIT.ok : EXIT.divergence;
  } finally {
    await kernel.close();
  }
}

/** What a kernel records of the traces that it has what they need for. */
async function recordingsOf(kernel: KernelSide, traces: readonly Trace[]): Promise<Recording[]> {
  const able = traces.filter((trace) => kernel.lacking(trace) === null);
  await kernel.prepare(able);
  const outcomes = await Promise.all(able.map((trace) => kernel.outcome(trace)));
  return outcomes.flatMap((outcome) => ("recording" in outcome ? [outcome.recording] : []));
}

async function disagreements(
  io: Io,
  kernel: KernelSide,
  { model }: Row,
  { runs, seed }: ProbeOptions,
): Promise<number> {
  const traceOf = await knownToKernels([kernel], traceOfRun, (line) => io.err(line));
  const traces = Array.from({ length: runs }, (_, run) => traceOf(seed, run));
  await kernel.prepare(traces);
  let count = 0;
  for (const trace of traces)
    if ((await disagreementOn({ kernel, model }, trace)) !== null) count += 1;
  return count;
}

/** What no row explains, each with what the kernel and the nearest row say, and the file that keeps it. */
async function strangeOf(kernel: KernelSide, { row, left }: Fit, out: string): Promise<string[]> {
  const lines: string[] = [];
  for (const recording of left) {
    const { trace } = recording;
    const found = firstDisagreement(recording, row.model.recordSync(trace));
    if (found === null) continue;
    const { step, difference } = found;
    const op = trace.ops[step];
    const file = await saveDisagreement(out, { kernel, model: row.model }, trace);
    lines.push(
      `  ${op === undefined ? "" : opText(op)}: ${difference.path} is ${show(difference.expected)}, ` +
        `by the row ${show(difference.actual)} (${file})`,
    );
  }
  return lines;
}

function fitText({ releases, row, left, told, none }: Fit): string {
  const { id, spec, changed } = row;
  const others = [...changed].join(", ");
  const head =
    releases.length > 0
      ? `fits ${releases.join(", ")}`
      : left.length === 0
        ? `fits no release: ${id} with another ${others}`
        : `fits none: the nearest is ${id}${others === "" ? "" : ` with another ${others}`}`;
  const lines = FACTS.map((fact) => {
    const note = told.has(fact) ? "" : ` // as in ${id}: no trace told`;
    return `  ${fact}: ${JSON.stringify(spec.profile[fact])},${note}`;
  });
  const unfit = none.size === 0 ? [] : [`no value of ${[...none].join(", ")} explains this:`];
  return `${[head, ...lines, ...(left.length > 0 ? unfit : [])].join("\n")}\n`;
}
