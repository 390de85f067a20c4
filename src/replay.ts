import { explained } from "./asked/explain.ts";
import { type ModeOutcome, modeOutcomes } from "./asked/outcomes.ts";
import { withShownModes } from "./compare.ts";
import type { JudgedFinding } from "./oracle/finding.ts";
import { judge, type Judgement } from "./oracle/judge.ts";
import type { Op } from "./trace/op.ts";
import type { Recording, RecordingStream, Step } from "./trace/recording.ts";
import { sameData, sharedEnds } from "./trace/samedata.ts";
import type { Trace } from "./trace/trace.ts";

/** The parts of a step's state that a replay compares. */
export const STEP_PARTS = ["result", "vmas", "memtype", "events"] as const;

export type StepPart = (typeof STEP_PARTS)[number];

/** One step of a trace on both sides. */
export interface ReplayStep {
  readonly index: number;
  readonly op: Op;
  readonly before: Step;
  readonly after: Step;
  /** The parts in which the sides differ; VM_PAT, which only one design has, is no difference. */
  readonly differs: readonly StepPart[];
  readonly findings: readonly JudgedFinding[];
}

/** A trace that runs on both sides while its steps are read, once and in order; judged beforehand. */
export interface ReplayStream {
  readonly trace: Trace;
  /** Names of the two sides: backend ids, or kernel releases. */
  readonly before: string;
  readonly after: string;
  /** The whole release of the kernel that ran, by side; null of a model, whose name says it. */
  readonly kernels: { readonly before: string | null; readonly after: string | null };
  readonly steps: Iterable<ReplayStep>;
  readonly findings: readonly JudgedFinding[];
  /** Steps whose states could not be compared because the sides had different VMAs. */
  readonly notComparable: number;
}

/** A trace run on both sides and judged: everything a viewer shows. */
export interface Replay extends ReplayStream {
  readonly steps: readonly ReplayStep[];
  readonly firstDifference: number | null;
  /** Requests for a cache mode that were given another one, or refused, shared by the sides or not. */
  readonly modes: readonly ModeOutcome[];
}

/** What the steps of a replay come to, as they go by. */
export class ReplayTally implements Pick<Replay, "firstDifference" | "modes"> {
  firstDifference: number | null = null;
  readonly modes: ModeOutcome[] = [];

  /** Hands the steps on. */
  *seeing(steps: Iterable<ReplayStep>): Generator<ReplayStep> {
    for (const step of steps) {
      const { index, differs, before, after } = step;
      if (differs.length > 0) this.firstDifference ??= index;
      this.modes.push(...modeOutcomes(index, before, after));
      yield step;
    }
  }
}

type Judged = Pick<Judgement, "findings" | "notComparable">;

/** Judges two recordings of one trace, explains their modes, and lays them side by side. */
export function replayOf(before: Recording, after: Recording): Replay {
  return layOut(explained(before), explained(after), judge(before, after));
}

/** Lays two explained recordings of one trace and their judgement side by side. */
export function layOut(before: RecordingStream, after: RecordingStream, judged: Judged): Replay {
  const stream = layOutStream(before, after, judged);
  const tally = new ReplayTally();
  const steps = [...tally.seeing(stream.steps)];
  const { firstDifference, modes } = tally;
  const { trace, kernels, findings, notComparable } = stream;
  return {
    trace,
    kernels,
    before: stream.before,
    after: stream.after,
    steps,
    findings,
    firstDifference,
    modes,
    notComparable,
  };
}

/** The same, step by step, for traces of any length. */
export function layOutStream(
  before: RecordingStream,
  after: RecordingStream,
  { findings, notComparable }: Judged,
): ReplayStream {
  return {
    trace: before.trace,
    before: sideName(before, "before"),
    after: sideName(after, "after"),
    kernels: { before: kernelOf(before), after: kernelOf(after) },
    steps: replaySteps(before, after, findings),
    findings,
    notComparable,
  };
}

function* replaySteps(
  before: RecordingStream,
  after: RecordingStream,
  findings: readonly JudgedFinding[],
): Generator<ReplayStep> {
  const found = new Map<number, JudgedFinding[]>();
  for (const finding of findings) {
    const same = found.get(finding.step);
    if (same === undefined) found.set(finding.step, [finding]);
    else same.push(finding);
  }
  const twins = new Twins();
  const rights = after.steps[Symbol.iterator]();
  let index = 0;
  for (const left of before.steps) {
    const right = rights.next();
    const op = before.trace.ops[index];
    if (right.done === true || op === undefined) {
      throw new Error("two recordings of one trace have a step for every op");
    }
    yield {
      index,
      op,
      before: left,
      after: right.value,
      differs: STEP_PARTS.filter((part) => partDiffers(part, left, right.value, twins)),
      findings: found.get(index) ?? [],
    };
    index++;
  }
}

function kernelOf({ backend, kernel }: RecordingStream): string | null {
  return backend?.startsWith("kernel:") === true ? (kernel?.release ?? null) : null;
}

function sideName(recording: RecordingStream, fallback: string): string {
  return recording.backend ?? recording.kernel?.release ?? fallback;
}

/** Two lists of both sides, and whether they were alike. */
interface Compared {
  readonly left: readonly object[];
  readonly right: readonly object[];
  readonly areAlike: boolean;
}

/** Whether lists of both sides are alike, step by step: most of their items stay the objects they were. */
class Twins {
  private readonly last = new Map<string, Compared>();

  /** `name` is what the lists are of. */
  are(name: string, left: readonly object[], right: readonly object[]): boolean {
    const areAlike =
      left.length === right.length && this.areItems(left, right, this.last.get(name));
    this.last.set(name, { left, right, areAlike });
    return areAlike;
  }

  private areItems(
    left: readonly object[],
    right: readonly object[],
    last: Compared | undefined,
  ): boolean {
    const known = { head: 0, tail: 0 };
    if (last?.areAlike === true) {
      const [mine, other] = [sharedEnds(left, last.left), sharedEnds(right, last.right)];
      known.head = Math.min(mine.head, other.head);
      known.tail = Math.min(mine.tail, other.tail, left.length - known.head);
    }
    for (let at = known.head; at < left.length - known.tail; at++) {
      if (!sameData(left[at], right[at], NOT_COMPARED)) return false;
    }
    return true;
  }
}

/** What exists on one side only, and what says why. */
const NOT_COMPARED: ReadonlySet<string> = new Set(["pat", "asked"]);

function partDiffers(part: StepPart, before: Step, after: Step, twins: Twins): boolean {
  if (part === "memtype") return !twins.are(part, before.memtype, after.memtype);
  if (part !== "vmas") return !sameData(before[part], after[part]);
  if (haveAlikeVmas(before, after, twins)) return false;
  const [left, right] = [withShownModes(before, after), withShownModes(after, before)];
  // What one side does not show is no difference, so the steps are looked at again without it.
  const isAllShown = left === before && right === after;
  return isAllShown || !sameData(left.vmas, right.vmas, NOT_COMPARED);
}

function haveAlikeVmas({ vmas }: Step, after: Step, twins: Twins): boolean {
  const procs = Object.entries(vmas);
  if (procs.length !== Object.keys(after.vmas).length) return false;
  return procs.every(([proc, list]) => {
    const other = after.vmas[proc];
    return other !== undefined && twins.are(proc, list, other);
  });
}
