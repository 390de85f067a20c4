import { type ModeOutcome, modeOutcomes } from "./asked/outcomes.ts";
import { withShownModes } from "./compare.ts";
import type { JudgedFinding } from "./oracle/finding.ts";
import type { Judgement } from "./oracle/judge.ts";
import type { Op } from "./trace/op.ts";
import type { Recording, Step } from "./trace/recording.ts";
import { sameData } from "./trace/samedata.ts";
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

/** A trace run on both sides and judged: everything a viewer shows. */
export interface Replay {
  readonly trace: Trace;
  /** Names of the two sides: backend ids, or kernel releases. */
  readonly before: string;
  readonly after: string;
  readonly steps: readonly ReplayStep[];
  readonly findings: readonly JudgedFinding[];
  readonly firstDifference: number | null;
  /** Requests for a cache mode that were given another one, or refused, shared by the sides or not. */
  readonly modes: readonly ModeOutcome[];
  /** Steps whose states could not be compared because the sides had different VMAs. */
  readonly notComparable: number;
}

/** Lays two explained recordings of one trace and their judgement side by side. */
export function layOut(before: Recording, after: Recording, judgement: Judgement): Replay {
  const { trace } = before;
  if (before.steps.length !== after.steps.length) {
    throw new Error("two recordings of one trace have the same number of steps");
  }
  const found = new Map<number, JudgedFinding[]>();
  for (const finding of judgement.findings) {
    found.set(finding.step, [...(found.get(finding.step) ?? []), finding]);
  }
  const steps = trace.ops.map((op, index): ReplayStep => {
    const left = stepAt(before, index);
    const right = stepAt(after, index);
    return {
      index,
      op,
      before: left,
      after: right,
      differs: STEP_PARTS.filter((part) => partDiffers(part, left, right)),
      findings: found.get(index) ?? [],
    };
  });
  return {
    trace,
    before: sideName(before, "before"),
    after: sideName(after, "after"),
    steps,
    findings: judgement.findings,
    firstDifference: steps.find((step) => step.differs.length > 0)?.index ?? null,
    modes: modeOutcomes(before, after),
    notComparable: judgement.notComparable,
  };
}

function stepAt(recording: Recording, index: number): Step {
  const step = recording.steps[index];
  if (step === undefined) throw new Error(`a recording has a step for every op, but not ${index}`);
  return step;
}

function sideName(recording: Recording, fallback: string): string {
  return recording.backend ?? recording.kernel?.release ?? fallback;
}

/** What exists on one side only, and what says why. */
const NOT_COMPARED: ReadonlySet<string> = new Set(["pat", "asked"]);

function partDiffers(part: StepPart, before: Step, after: Step): boolean {
  if (part !== "vmas") return !sameData(before[part], after[part]);
  const [left, right] = [withShownModes(before, after), withShownModes(after, before)];
  return !sameData(left.vmas, right.vmas, NOT_COMPARED);
}
