import { compareSteps, type Disagreement, show } from "../compare.ts";
import type { Recording } from "../trace/recording.ts";
import { performedTrace } from "../trace/performed.ts";
import type { Trace } from "../trace/trace.ts";
import { UserError } from "../usererror.ts";
import type { Backend } from "../backend.ts";
import { isTree, type LiveKernel, openLiveKernel, type StandIn, standInFor } from "./backends.ts";
import { documentsIn } from "./files.ts";
import { EXIT, type Io } from "./io.ts";
import { ownRecordings } from "./recordings.ts";
import { opText } from "../../reports/optext.ts";

export interface ConformOptions {
  readonly json?: boolean;
  /** A kernel or tree that is to answer in place of the model. */
  readonly live?: string;
  /** Guests at once, of such a kernel. */
  readonly jobs?: number;
}

/** How many disagreements of a file are printed; the rest are counted. */
const SHOWN = 5;

/** A disagreement with the trace it is in. */
interface Place extends Disagreement {
  readonly trace: string;
  readonly op: string;
}

/** What the comparison of one file came to. */
interface FileOutcome {
  readonly file: string;
  /** Who is compared with the kernels: the model, or what was asked in its place. */
  readonly voice: string;
  /** `release model` pairs met in the file. */
  readonly models: readonly string[];
  /** Why a model met in the file says nothing certain of a kernel. */
  readonly unverified: readonly string[];
  readonly traces: number;
  /** Recordings whose traces the tree cannot run. */
  readonly unfit: number;
  readonly total: number;
  readonly agreed: number;
  readonly disagreements: readonly Place[];
}

/**
 * Compares recordings of real kernels, step by step, with the models of their releases, or with what the
 * kernel or tree that is named answers to the same traces.
 */
export async function conform(
  io: Io,
  files: readonly string[],
  options: ConformOptions,
): Promise<number> {
  const { live, jobs = 1 } = options;
  const kernel = live === undefined ? null : await openLiveKernel(live, "--live", { guests: jobs });
  try {
    return await conformFiles(
      io,
      files.length > 0 ? files : await ownRecordings(),
      options,
      kernel,
    );
  } finally {
    await kernel?.close();
  }
}

async function conformFiles(
  io: Io,
  files: readonly string[],
  options: ConformOptions,
  kernel: LiveKernel | null,
): Promise<number> {
  const outcomes: FileOutcome[] = [];
  for (const file of files) {
    if (io.interrupted.aborted) return EXIT.interrupted;
    const outcome = await conformFile(io, file, kernel);
    outcomes.push(outcome);
    if (options.json !== true) await io.out(outcomeText(outcome));
  }
  const sum = (pick: (outcome: FileOutcome) => number) =>
    outcomes.reduce((total, outcome) => total + pick(outcome), 0);
  const [total, agreed] = [sum((outcome) => outcome.total), sum((outcome) => outcome.agreed)];
  if (options.json === true) {
    await io.out(`${JSON.stringify({ total, agreed, files: outcomes.map(plain) })}\n`);
  } else {
    const traces = sum(({ traces, unfit }) => traces - unfit);
    await io.out(`${agreed} of ${total} steps of ${traces} recordings agree.\n`);
  }
  return agreed === total ? EXIT.ok : EXIT.divergence;
}

async function conformFile(io: Io, file: string, kernel: LiveKernel | null): Promise<FileOutcome> {
  const models = new Set<string>();
  const unverified = new Set<string>();
  const disagreements: Place[] = [];
  let [traces, unfit, total, agreed] = [0, 0, 0, 0];
  for await (const document of documentsIn(io, file)) {
    traces += 1;
    const name = `${file}: recording ${traces}`;
    if (document.kind === "trace") {
      throw new UserError(
        `${name}: is a trace (conform needs recordings; pfndiff record makes them)`,
      );
    }
    const { recording } = document;
    const { trace } = recording;
    const { model, unverified: why } =
      kernel === null ? await modelFor(name, recording) : { model: kernel, unverified: null };
    models.add(`${recording.kernel?.release} against ${model.id}`);
    if (why !== null) unverified.add(why);
    const answer = await answerOf(model, performedTrace(recording));
    if (answer === null) {
      unfit += 1;
      continue;
    }
    const comparison = compareSteps(recording, answer);
    total += comparison.total;
    agreed += comparison.agreed;
    for (const disagreement of comparison.disagreements) {
      const op = trace.ops[disagreement.step];
      const text = op === undefined ? "(no op)" : opText(op);
      disagreements.push({ ...disagreement, trace: trace.name, op: text });
    }
  }
  return {
    file,
    voice: kernel?.id ?? "model",
    models: [...models],
    unverified: [...unverified],
    traces,
    unfit,
    total,
    agreed,
    disagreements,
  };
}

/** What a backend answers to a trace; null for one that a tree cannot run. */
async function answerOf(backend: Backend, trace: Trace): Promise<Recording | null> {
  if (isTree(backend) && !backend.isFit(trace)) return null;
  return backend.record(trace);
}

async function modelFor(name: string, { kernel }: Recording): Promise<StandIn> {
  if (kernel !== undefined) return standInFor(kernel);
  throw new UserError(`${name}: kernel: is missing (conform needs recordings of real kernels)`);
}

function outcomeText(outcome: FileOutcome): string {
  const { file, voice, models, unfit, total, agreed, disagreements } = outcome;
  const beyond = unfit === 0 ? "" : `, ${unfit} recordings beyond what trees can do`;
  const lines = [`${file}: ${agreed} of ${total} steps agree (${models.join("; ")})${beyond}`];
  lines.push(...outcome.unverified.map((why) => `  ${why}`));
  for (const { trace, step, op, differences } of disagreements.slice(0, SHOWN)) {
    lines.push(`  ${trace} step ${step}: ${op}`);
    for (const { path, expected, actual } of differences.slice(0, SHOWN)) {
      const place = path === "" ? "step" : path;
      lines.push(`    ${place}: kernel ${show(expected)}, ${voice} ${show(actual)}`);
    }
    const more = differences.length - SHOWN;
    if (more > 0) lines.push(`    and ${more} more differences`);
  }
  const more = disagreements.length - SHOWN;
  if (more > 0) lines.push(`  and ${more} more steps`);
  return `${lines.join("\n")}\n`;
}

/** The outcome as JSON shows it: an absent value is left out, as it was in the recording. */
function plain(outcome: FileOutcome): unknown {
  const { file, unverified, traces, unfit, total, agreed } = outcome;
  const disagreements = outcome.disagreements.slice(0, SHOWN).map((place) => ({
    trace: place.trace,
    step: place.step,
    differences: place.differences.map(({ path, expected, actual }) => ({
      path,
      kernel: show(expected),
      model: show(actual),
    })),
  }));
  return { file, unverified, traces, unfit, total, agreed, disagreements };
}
