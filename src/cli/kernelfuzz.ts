import type { TraceSource } from "../../fuzz/sources.ts";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import type { ModelBackend } from "../model/backend.ts";
import { judge } from "../oracle/judge.ts";
import { SYMPTOMS } from "../oracle/severity.ts";
import { splatsIn } from "../../kernel/parse/splat.ts";
import type { TraceFailure } from "../../kernel/runner.ts";
import type { Recording } from "../trace/recording.ts";
import type { Trace } from "../trace/trace.ts";
import {
  DEFAULT_AFTER,
  DEFAULT_BEFORE,
  isKernel,
  standInFor,
  openBackend,
  openModel,
} from "./backends.ts";
import { UserError } from "../usererror.ts";
import {
  disagreementOn,
  firstDisagreement,
  SHRUNK,
  type Shown,
  showDisagreement,
  shownText,
  type Voices,
} from "./disagreement.ts";
import { EXIT, type Io } from "./io.ts";
import { knownToKernels } from "./leftout.ts";
import { reportLost } from "./losttraces.ts";

export interface KernelFuzzOptions {
  readonly kernel: string;
  readonly before?: string;
  readonly after?: string;
  readonly runs: number;
  readonly seed: number;
  readonly jobs: number;
  readonly out: string;
  readonly json?: boolean;
}

/**
 * What a finding is. A design change: both models tell it, and the kernel, in its model's place,
 * confirms it. Parted: they do, but only where the sides had parted before, so it says nothing of a design.
 * A model bug: the kernel does something else than its model, and the oracle finds no fault in it.
 * A kernel bug: the oracle finds a fault that the kernel shows and its model does not, before they
 * part.
 */
export const LABELS = ["design change", "parted", "model bug", "kernel bug"] as const;
type Label = (typeof LABELS)[number];

/** The two models, and the kernel that stands in for one of them. */
export interface ThreeVoices extends Voices {
  readonly before: ModelBackend;
  readonly after: ModelBackend;
}

interface Row {
  readonly label: Label;
  readonly what: string;
  /** Of a kernel's fault: how often by which cause. */
  readonly causes: Record<string, number>;
  count: number;
  readonly firstRun: number;
  /** The first trace that showed it, shrunk; of what is strange alone, and so many. */
  shown: Shown | null;
}

const BATCH = 64;

/**
 * What the kernel alone gets wrong first, and gravest there, as `symptom:cause`, by its own model: against the
 * other design a verdict also says what that design does. What comes later may follow from it. Another errno is
 * a difference to a model, and no fault.
 */
function faultOfKernel(model: Recording, kernel: Recording): string | null {
  const own = judge(model, kernel).findings.filter(({ verdict, symptom }) => {
    return verdict === "introduced" && symptom !== "errno";
  });
  const gravity = ({ symptom }: (typeof own)[number]) => SYMPTOMS.indexOf(symptom);
  const [first] = own.sort((a, b) => a.step - b.step || gravity(a) - gravity(b));
  return first === undefined ? null : `${first.symptom}:${first.cause}`;
}

/**
 * What a trace shows, each with its label: the signatures that both the models and the kernel in its model's
 * place have, and what the kernel does otherwise than its model, which has as many signatures as it has
 * consequences, and is told by its first fault alone, or else by where they part.
 */
export function labelled(
  kernelIsBefore: boolean,
  recordings: { before: Recording; after: Recording; kernel: Recording },
): Map<string, Label> {
  const { before, after, kernel } = recordings;
  const model = kernelIsBefore ? before : after;
  const seen = (kernelIsBefore ? judge(kernel, after) : judge(before, kernel)).findings;
  const ofKernel = new Set(seen.map(({ signature }) => signature));
  const labels = new Map<string, Label>();
  for (const { signature, verdict } of judge(before, after).findings) {
    if (!ofKernel.has(signature)) continue;
    labels.set(signature, verdict === "parted" ? "parted" : "design change");
  }
  const parted = firstDisagreement(kernel, model);
  if (parted === null) return labels;
  const fault = faultOfKernel(model, kernel);
  if (fault === null) labels.set(`disagreement: ${parted.shape}`, "model bug");
  else labels.set(fault, "kernel bug");
  return labels;
}

/** Whether a label is of something that the models do not explain. */
const isStrange = (label: Label) => label === "model bug" || label === "kernel bug";

/** A campaign with three voices: both models and a kernel. */
export async function kernelFuzz(io: Io, options: KernelFuzzOptions): Promise<number> {
  const kernel = await openBackend(options.kernel, { guests: options.jobs });
  if (!isKernel(kernel)) throw new UserError(`--kernel: ${kernel.id} is no kernel (kernel:7.2)`);
  const { out } = options;
  try {
    const running = await kernel.identify();
    const { release, design } = running;
    const { model: own, unverified } = await standInFor(running);
    const isBefore = design === "vm-pat";
    const before = await side(options.before, isBefore ? own : null, DEFAULT_BEFORE);
    const after = await side(options.after, isBefore ? null : own, DEFAULT_AFTER);
    const voices = { kernel, before, after, model: isBefore ? before : after };
    const traceOf = await knownToKernels([kernel], traceOfRun, (line) => io.err(line));
    const { rows, runs } = await labelRuns(io, voices, { ...options, traceOf }, isBefore);
    for (const row of rows.filter(({ label }) => isStrange(label)).slice(0, SHRUNK)) {
      if (io.interrupted.aborted) break;
      row.shown = await shownRow(voices, traceOf(options.seed, row.firstRun), out);
    }
    const { lost, atBoot } = await reportLost(io, out, [kernel]);
    if (options.json === true) {
      const ids = { before: before.id, after: after.id, kernel: release, unverified };
      await io.out(
        `${JSON.stringify({ ...ids, seed: options.seed, runs, lost, atBoot, findings: rows })}\n`,
      );
    } else {
      await io.out(
        rows
          .filter(({ label }) => isStrange(label))
          .map(rowText)
          .join(""),
      );
      if (unverified !== null) await io.out(`${unverified}\n`);
      await io.out(`${countsText(rows)}; ${runs} runs of ${before.id}, ${after.id}, ${release}\n`);
    }
    if (io.interrupted.aborted) return EXIT.interrupted;
    const isStrangeRun = rows.some(({ label }) => isStrange(label)) || lost + atBoot > 0;
    return isStrangeRun ? EXIT.divergence : EXIT.ok;
  } finally {
    await kernel.close();
  }
}

async function side(
  asked: string | undefined,
  own: ModelBackend | null,
  other: string,
): Promise<ModelBackend> {
  return asked === undefined && own !== null ? own : openModel(asked ?? other);
}

/** The kinds of what a kernel gets wrong are symptoms: one fault in its code has many causes. */
export function kindOf(told: string, label: Label): { what: string; cause: string | null } {
  const [symptom = "", cause = ""] = told.split(/:(.*)/s);
  const isFault = label === "kernel bug" && SYMPTOMS.some((each) => each === symptom);
  return isFault ? { what: symptom, cause } : { what: told, cause: null };
}

async function labelRuns(
  io: Io,
  voices: ThreeVoices,
  { runs, seed, jobs, traceOf }: KernelFuzzOptions & { readonly traceOf: TraceSource },
  isBefore: boolean,
): Promise<{ rows: Row[]; runs: number }> {
  const rows = new Map<string, Row>();
  let done = 0;
  while (done < runs && !io.interrupted.aborted) {
    const count = Math.min(BATCH * jobs, runs - done);
    const from = done;
    const traces = Array.from({ length: count }, (_, at) => traceOf(seed, from + at));
    await voices.kernel.prepare(traces);
    for (const [at, trace] of traces.entries()) {
      for (const [told, label] of await labelsOf(voices, trace, isBefore)) {
        const { what, cause } = kindOf(told, label);
        const key = `${label} ${what}`;
        const fresh = { label, what, causes: {}, count: 0, firstRun: from + at, shown: null };
        const row: Row = rows.get(key) ?? fresh;
        row.count += 1;
        if (cause !== null) row.causes[cause] = (row.causes[cause] ?? 0) + 1;
        rows.set(key, row);
      }
    }
    done += count;
  }
  const order = (row: Row) => LABELS.indexOf(row.label);
  const sorted = [...rows.values()].sort(
    (a, b) => order(a) - order(b) || (a.what < b.what ? -1 : 1),
  );
  return { rows: sorted, runs: done };
}

/** What became of a trace that the kernel did not finish: what its console says last of itself, or else its guest. */
function lossOf({ kind, why, console }: TraceFailure): string {
  const said = splatsIn(console.split("\n")).at(-1);
  return `lost: ${kind}: ${said === undefined ? why.replace(/^guest lost \(\w+\): /, "") : [said.text, ...(said.backtrace ?? [])].join(" < ")}`;
}

async function labelsOf(
  { kernel, before, after }: ThreeVoices,
  trace: Trace,
  isBefore: boolean,
): Promise<Map<string, Label>> {
  const outcome = await kernel.outcome(trace);
  if ("failure" in outcome) return new Map([[lossOf(outcome.failure), "kernel bug"]]);
  // Without contexts: no kernel shows them, and all three are to be judged by the same.
  const recordings = { before: before.recordSync(trace), after: after.recordSync(trace) };
  return labelled(isBefore, { ...recordings, kernel: outcome.recording });
}

/** Shrinks a trace where the kernel's recording parts from its model's, and saves it; null where it was lost. */
async function shownRow(voices: ThreeVoices, trace: Trace, out: string): Promise<Shown | null> {
  const found = await disagreementOn(voices, trace);
  return found === null ? null : showDisagreement(voices, trace, found, out);
}

function rowText({ label, what, causes, count, firstRun, shown }: Row): string {
  const by = Object.entries(causes).sort(([, a], [, b]) => b - a);
  const often = by.map(([cause, times]) => `${cause} ${times} x`).join(", ");
  const kind = often === "" ? what : `${what} (${often})`;
  const head = `${label}: ${kind}; ${count} x, first in run ${firstRun}\n`;
  return shown === null ? head : head + shownText(shown);
}

function countsText(rows: readonly Row[]): string {
  return LABELS.map((label) => {
    return `${rows.filter((row) => row.label === label).length} of ${label}`;
  }).join(", ");
}
