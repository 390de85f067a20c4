import type { Op } from "../trace/op.ts";
import type { Recording, Step } from "../trace/recording.ts";
import { driverCause, DriverSide } from "./driverside.ts";
import { sameData } from "./firstdifference.ts";
import type { Retention } from "./state.ts";
import type { ToldFinding } from "./told.ts";

/** What both sides of a trace with driver ops get wrong, before it is said what became of it. */
export interface DriverJudgement {
  readonly before: { readonly findings: readonly ToldFinding[]; readonly retention: Retention };
  readonly after: { readonly findings: readonly ToldFinding[]; readonly retention: Retention };
  readonly notComparable: number;
}

function outcomeOf(step: Step): string {
  return "errno" in step.result ? step.result.errno : "ok";
}

/** The first call that returned something else on the other side, as a cause; or null. */
function callDifference(before: Step, after: Step): string | null {
  const length = Math.max(before.calls?.length ?? 0, after.calls?.length ?? 0);
  for (let n = 0; n < length; n++) {
    const [was, is] = [before.calls?.[n], after.calls?.[n]];
    if (was === undefined || is === undefined) return null;
    if (was.errno !== is.errno) return `${is.call}-${was.errno ?? "ok"}-to-${is.errno ?? "ok"}`;
  }
  return null;
}

/**
 * errno, between the sides: one op on equal states has different results, or a call of a driver
 * has whose handler went on regardless. A kernel BUG is a result of its own kind.
 */
function errnoCause(op: Op, before: Step, after: Step): string | null {
  const [was, is] = [before, after].map((step) =>
    step.events.some(({ kind }) => kind === "bug") ? "BUG" : outcomeOf(step),
  );
  if (was !== is) return `${driverCause(op)}-${was}-to-${is}`;
  return callDifference(before, after);
}

/** Judges the recordings of one trace that holds driver ops; both have a step for each op. */
export function judgeDriverTrace(before: Recording, after: Recording): DriverJudgement {
  const was = new DriverSide("before");
  const is = new DriverSide("after");
  let notComparable = 0;
  let parted = false;
  before.trace.ops.forEach((op, index) => {
    const left = before.steps[index] as Step;
    const right = after.steps[index] as Step;
    was.parted = parted;
    is.parted = parted;
    was.judge(op, left);
    is.judge(op, right);
    const cause = parted ? null : errnoCause(op, left, right);
    if (cause !== null) {
      is.report(
        "errno",
        cause,
        `${op.op} returned ${outcomeOf(left)} before, ${outcomeOf(right)} after`,
      );
    }
    if (parted) notComparable++;
    parted = !sameData(left.vmas, right.vmas);
  });
  return { before: was, after: is, notComparable };
}
