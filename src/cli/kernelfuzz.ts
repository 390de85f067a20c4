import type { TraceSource } from "../../fuzz/sources.ts";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import type { ModelBackend } from "../model/backend.ts";
import { judge } from "../oracle/judge.ts";
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
  firstDisagreement,
  saveDisagreement,
  shrinkDisagreement,
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
 * confirms it. A model bug: the kernel does something else than its model, and the oracle finds
 * no fault in it. A kernel bug: the oracle finds a fault that the kernel shows and its model does
 * not, before they part.
 */
export const LABELS = ["design change", "model bug", "kernel bug"] as const;
type Label = (typeof LABELS)[number];

/** The two models, and the kernel that stands in for one of them. */
export interface ThreeVoices extends Voices {
  readonly before: ModelBackend;
  readonly after: ModelBackend;
}

interface Row {
  readonly label: Label;
  readonly what: string;
  count: number;
  readonly firstRun: number;
  file: string | null;
}

const BATCH = 64;

/**
 * The `symptom:cause` of what only the kernel gets wrong, by its own model: against the other design
 * a verdict also says what that design does. Another errno is a difference to a model, and no fault.
 */
function faultsOfKernel(model: Recording, kernel: Recording): Set<string> {
  const { findings } = judge(model, kernel);
  const own = findings.filter(({ verdict, symptom }) => {
    return verdict === "introduced" && symptom !== "errno";
  });
  return new Set(own.map(({ symptom, cause }) => `${symptom}:${cause}`));
}

/** The signatures of a trace's findings, each with its label. */
export function labelled(
  kernelIsBefore: boolean,
  recordings: { before: Recording; after: Recording; kernel: Recording },
): Map<string, Label> {
  const { before, after, kernel } = recordings;
  const model = kernelIsBefore ? before : after;
  const faults = faultsOfKernel(model, kernel);
  const told = judge(before, after).findings;
  const seen = (kernelIsBefore ? judge(kernel, after) : judge(before, kernel)).findings;
  const signatures = (findings: typeof told) => new Set(findings.map(({ signature }) => signature));
  const [ofModel, ofKernel] = [signatures(told), signatures(seen)];
  const labels = new Map<string, Label>();
  for (const { signature, symptom, cause } of [...told, ...seen]) {
    const agreed = ofModel.has(signature) && ofKernel.has(signature);
    if (faults.has(`${symptom}:${cause}`)) labels.set(signature, "kernel bug");
    else labels.set(signature, agreed ? "design change" : "model bug");
  }
  const parted = firstDisagreement(kernel, model);
  const blamed = [...labels.values()].some((label) => label !== "design change");
  if (parted !== null && !blamed) labels.set(`disagreement: ${parted.shape}`, "model bug");
  return labels;
}

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
    for (const row of rows) {
      if (row.label === "design change" || io.interrupted.aborted) continue;
      row.file = await savedRow(voices, traceOf(options.seed, row.firstRun), out);
    }
    const lost = await reportLost(io, out, [kernel]);
    if (options.json === true) {
      const ids = { before: before.id, after: after.id, kernel: release, unverified };
      await io.out(
        `${JSON.stringify({ ...ids, seed: options.seed, runs, lost, findings: rows })}\n`,
      );
    } else {
      await io.out(rows.map(rowText).join(""));
      if (unverified !== null) await io.out(`${unverified}\n`);
      await io.out(`${countsText(rows)}; ${runs} runs of ${before.id}, ${after.id}, ${release}\n`);
    }
    if (io.interrupted.aborted) return EXIT.interrupted;
    const strange = rows.some(({ label }) => label !== "design change");
    return strange || lost > 0 ? EXIT.divergence : EXIT.ok;
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
      for (const [what, label] of await labelsOf(voices, trace, isBefore)) {
        const key = `${label} ${what}`;
        const row = rows.get(key) ?? { label, what, count: 0, firstRun: from + at, file: null };
        row.count += 1;
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

async function labelsOf(
  { kernel, before, after }: ThreeVoices,
  trace: Trace,
  isBefore: boolean,
): Promise<Map<string, Label>> {
  const outcome = await kernel.outcome(trace);
  if ("failure" in outcome) return new Map([[`lost: ${outcome.failure.kind}`, "kernel bug"]]);
  // Without contexts: no kernel shows them, and all three are to be judged by the same.
  const recordings = { before: before.recordSync(trace), after: after.recordSync(trace) };
  return labelled(isBefore, { ...recordings, kernel: outcome.recording });
}

/** Saves a trace of a row, shrunk where the kernel's recording parts from its model's. */
async function savedRow(voices: ThreeVoices, trace: Trace, out: string): Promise<string | null> {
  const outcome = await voices.kernel.outcome(trace);
  if ("failure" in outcome) return null;
  const found = firstDisagreement(outcome.recording, voices.model.recordSync(trace));
  const shrunk = found === null ? trace : await shrinkDisagreement(voices, trace, found);
  return saveDisagreement(out, voices, shrunk);
}

function rowText({ label, what, count, firstRun, file }: Row): string {
  const where = file === null ? "" : ` (${file})`;
  return `${label.padEnd(13)}  ${String(count).padStart(5)} x  first in run ${firstRun}  ${what}${where}\n`;
}

function countsText(rows: readonly Row[]): string {
  return LABELS.map((label) => {
    return `${rows.filter((row) => row.label === label).length} of ${label}`;
  }).join(", ");
}
