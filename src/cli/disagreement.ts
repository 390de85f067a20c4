import { join } from "node:path";
import { shortHash } from "../../fuzz/plan.ts";
import { LATE } from "../../kernel/assemble.ts";
import type { Splat } from "../../kernel/parse/splat.ts";
import { eventText, opText } from "../../reports/optext.ts";
import { shrinkLater } from "../../fuzz/shrink.ts";
import { ABSENT, compareSteps, type Difference, show } from "../compare.ts";
import type { ModelBackend } from "../model/backend.ts";
import { UNLOCKED } from "../pat/kernelstate.ts";
import type { Recording, TraceEvent } from "../trace/recording.ts";
import { performedTrace } from "../trace/performed.ts";
import type { Trace } from "../trace/trace.ts";
import { recordingLine } from "../trace/write.ts";
import { writeText } from "./files.ts";
import { isTree, type LiveKernel } from "./backends.ts";

/** A kernel and the model that should do what it does. */
export interface Voices {
  readonly kernel: LiveKernel;
  readonly model: ModelBackend;
}

/** Where a model first says other than its kernel. */
export interface FirstDisagreement {
  readonly step: number;
  readonly difference: Difference;
  /** What stays the same while a trace shrinks: what the kernel complains of, or the op's kind and the field, without numbers. */
  readonly shape: string;
  /** What the kernel says itself is wrong with it, where its model does not. */
  readonly complaint: Splat | null;
}

/** How often a kernel is asked while one disagreement is shrunk on it. */
const KERNEL_TRIES = 400;

const hasBug = (recording: Recording, step: number) =>
  recording.steps[step]?.events.some(({ kind }) => kind === "bug") === true;

/** A recording up to the step in which both reach a BUG(): a tree's program ends there, a kernel loses one task. */
function untilBug(recording: Recording, other: Recording): Recording {
  const end = recording.steps.findIndex((_, at) => hasBug(recording, at) && hasBug(other, at));
  return end < 0 ? recording : { ...recording, steps: recording.steps.slice(0, end) };
}

/**
 * A model's recording as its tree would have it: that has one processor, so no per-VMA locks, in which VMA flags
 * that are written without the mmap lock are seen.
 */
function asTreesSee(model: Recording): Recording {
  const isSeen = (event: TraceEvent) => event.kind !== "warn" || !event.text.endsWith(UNLOCKED);
  const steps = model.steps.map((step) =>
    step.events.every(isSeen) ? step : { ...step, events: step.events.filter(isSeen) },
  );
  return { ...model, steps };
}

/**
 * A tree's recording as a model would have it where a driver's copy of a VMA has taken a context with it: nobody gives
 * that memory back, which a tree tells at the end and a model does not.
 */
function withoutLostContexts(tree: Recording): Recording {
  const isCopied = tree.trace.ops.some(
    (op) => "calls" in op && op.calls.some(({ call }) => call === "remap-copy"),
  );
  if (!isCopied) return tree;
  const steps = tree.steps.map((step) => {
    return { ...step, events: step.events.filter(({ kind }) => kind !== "kernel-leak") };
  });
  return { ...tree, steps };
}

/** A warning by its function alone: a kernel says the file too, a model what is wrong. */
const WARNED = /^(?:\S+\/\S+ )?(\w+).*/;

function withWarnedFunctions(recording: Recording): Recording {
  const steps = recording.steps.map((step) =>
    step.events.some(({ kind }) => kind === "warn")
      ? { ...step, events: step.events.map(byFunction) }
      : step,
  );
  return { ...recording, steps };
}

function byFunction(event: TraceEvent): TraceEvent {
  return event.kind === "warn" ? { ...event, text: event.text.replace(WARNED, "$1") } : event;
}

const isComplaint = (event: TraceEvent): event is Splat =>
  event.kind === "bug" || event.kind === "crash" || event.kind === "hang";

/** What the kernel found wrong with itself in a step, and its model did not: whatever else differs there may follow from it. */
function complaintAt(step: number, kernel: Recording, model: Recording): Splat | undefined {
  const complaints = ({ steps }: Recording) => steps[step]?.events.filter(isComplaint) ?? [];
  return complaints(model).length > 0 ? undefined : complaints(kernel)[0];
}

/** What is complained of, whenever it was said. */
const wordsOf = (complaint: Splat) => complaint.text.replace(`${LATE}: `, "");

/** The first place where two recordings of a trace part, or null. */
export function firstDisagreement(kernel: Recording, model: Recording): FirstDisagreement | null {
  const [told, wanted] = [withWarnedFunctions(kernel), withWarnedFunctions(model)];
  const first = compareSteps(untilBug(told, wanted), untilBug(wanted, told)).disagreements[0];
  const difference = first?.differences[0];
  if (first === undefined || difference === undefined) return null;
  const { step } = first;
  const complaint = complaintAt(step, told, wanted);
  if (complaint !== undefined) {
    const said = { path: "events", expected: complaint, actual: ABSENT };
    return { step, difference: said, shape: wordsOf(complaint), complaint };
  }
  const field = difference.path.replace(/\d+/g, "N");
  const shape = `${kernel.trace.ops[step]?.op} ${field}`;
  return { step, difference, shape, complaint: null };
}

/** Where a trace's recordings part, or null; null too where the kernel cannot finish it. */
export async function disagreementOn(
  { kernel, model }: Voices,
  trace: Trace,
): Promise<FirstDisagreement | null> {
  const outcome = await kernel.outcome(trace);
  if ("failure" in outcome) return null;
  if (isTree(kernel)) return disagreementWithTree(outcome.recording, model);
  return firstDisagreement(outcome.recording, model.recordSync(performedTrace(outcome.recording)));
}

/** Where the recording of a tree and that of a model part, or null. */
export function disagreementWithTree(
  tree: Recording,
  model: ModelBackend,
): FirstDisagreement | null {
  const said = model.recordSync(performedTrace(tree));
  return firstDisagreement(withoutLostContexts(tree), asTreesSee(said));
}

/** What the model says at the end of a trace, without the numbers that shrinking lowers. */
function lastWords({ trace, steps }: Recording): string {
  const last = steps.at(-1);
  const events = last?.events.map(({ kind }) => kind);
  const vmas = Object.values(last?.vmas ?? {}).map((list) => list.map(({ prot }) => prot));
  const types = last?.memtype.map(({ type }) => type);
  return JSON.stringify([trace.ops.at(-1)?.op, last?.result, events, types, vmas]);
}

/**
 * The simplest trace near this one with a disagreement of the same shape: first whatever keeps
 * the model's last words, confirmed on the kernel, then what the kernel itself says, so often.
 */
export async function shrinkDisagreement(
  voices: Voices,
  trace: Trace,
  { step, shape }: FirstDisagreement,
): Promise<Trace> {
  const holds = async (candidate: Trace) =>
    (await disagreementOn(voices, candidate))?.shape === shape;
  const until = { ...trace, ops: trace.ops.slice(0, step + 1) };
  const say = (candidate: Trace) => lastWords(voices.model.recordSync(candidate));
  const words = say(until);
  const onModel = await shrinkLater(until, (candidate) => say(candidate) === words);
  const start = (await holds(onModel)) ? onModel : until;
  if (!(await holds(start))) return trace;
  let tries = 0;
  return shrinkLater(start, async (candidate) => ++tries <= KERNEL_TRIES && holds(candidate));
}

/**
 * Saves a trace as the kernel and as its model record it, as two files that `pfndiff conform` and
 * `pfndiff replay` read. Returns the path of the kernel's.
 */
export async function saveDisagreement(
  out: string,
  { kernel, model }: Voices,
  trace: Trace,
): Promise<string> {
  const hash = shortHash([kernel.id, trace]);
  const path = join(out, "model-bugs", hash);
  const told = await kernel.record(trace);
  await writeText(`${path}.kernel.jsonl`, lineOf(told));
  await writeText(`${path}.model.jsonl`, lineOf(await model.record(performedTrace(told))));
  return `${path}.kernel.jsonl`;
}

const lineOf = (recording: Recording) => [...recordingLine(recording)].join("");

/** Disagreements of different shapes that are shrunk and saved; the rest are counted. */
export const SHRUNK = 10;

/** A disagreement as it is shown: where, what either says, and the file that keeps it. */
export interface Shown {
  /** Who seems to be wrong: the kernel, where it says so itself. */
  readonly wrong: "kernel" | "model";
  readonly found: string;
  readonly ops: readonly string[];
  readonly place: string;
  readonly kernel: string;
  readonly model: string;
  readonly file: string;
}

/** Shrinks a disagreement, saves it, and tells what either says. */
export async function showDisagreement(
  voices: Voices,
  trace: Trace,
  found: FirstDisagreement,
  out: string,
): Promise<Shown> {
  const shrunk = await shrinkDisagreement(voices, trace, found);
  const { step, difference, complaint } = (await disagreementOn(voices, shrunk)) ?? found;
  const { path, expected, actual } = difference;
  return {
    wrong: complaint === null ? "model" : "kernel",
    found: trace.name,
    ops: shrunk.ops.map(opText),
    place: `step ${step}, ${path === "" ? "step" : path}`,
    kernel: complaint === null ? show(expected) : eventText(complaint),
    model: show(actual),
    file: await saveDisagreement(out, voices, shrunk),
  };
}

/** A disagreement in words, with its ops. */
export function shownText({ found, ops, place, kernel, model, file }: Shown): string {
  const lines = ops.map((op) => `    ${op}\n`).join("");
  return `found by ${found} (${file})\n${lines}  ${place}: kernel ${kernel}, model ${model}\n`;
}
