import type { Outcome } from "../../mm/errno.ts";
import { causeName } from "../causes.ts";
import { endsTask, type Observed, type SeenCall } from "../observed.ts";
import type { SideState } from "../state.ts";

/**
 * errno, on one side alone: the VMAs seen are not those that the op and its result lead to, so
 * the result was not what happened. Asked only at a step whose answer was untrue.
 */
export function checkAnswer(side: SideState, outcome: Outcome): void {
  const { op } = side.op;
  const tell = () => `${op} answered ${outcome ?? "success"}, and the VMAs do not show that`;
  side.report("errno", `${op}-untrue`, tell);
}

/** A result as signatures spell it; a task that a kernel BUG has ended returned nothing. */
function resultOf({ outcome, events }: Observed): string {
  return events.some(endsTask) ? "BUG" : (outcome ?? "ok");
}

/**
 * Whether an allocation failed on both sides or on neither: one that only one side makes, and that
 * was told to fail, says nothing of the other. A design that refuses by itself is compared.
 */
function failedAlike(before: SideState, after: SideState): boolean {
  if (after.op.fault === undefined) return true;
  return (before.failed === null) === (after.failed === null);
}

/**
 * errno, between the sides: equal states, one op, different results, and no mapping went
 * otherwise than exact tracking would have it on either side. Asked only where the results differ.
 */
export function checkErrno(
  beforeSide: SideState,
  side: SideState,
  before: Observed,
  after: Observed,
): void {
  if (beforeSide.deviation.symptom !== null || side.deviation.symptom !== null) return;
  if (beforeSide.isUntrue || side.isUntrue) return;
  if (!failedAlike(beforeSide, side)) return;
  const { op } = side.op;
  const cause = `${causeName(side.cause)}-${resultOf(before)}-to-${resultOf(after)}`;
  const [was, is] = [before.outcome ?? "ok", after.outcome ?? "ok"];
  side.report("errno", cause, () => `${op} returned ${was} before, ${is} after`);
}

/** errno, between the sides: a call of a driver's handler differs, which went on regardless. */
export function checkCalls(
  side: SideState,
  before: readonly SeenCall[],
  after: readonly SeenCall[],
): void {
  const { op } = side.op;
  for (let n = 0; n < Math.min(before.length, after.length); n++) {
    const [was, is] = [before[n] as SeenCall, after[n] as SeenCall];
    if (was.outcome === is.outcome) continue;
    const cause = `${is.call}-${was.outcome ?? "ok"}-to-${is.outcome ?? "ok"}`;
    return side.report(
      "errno",
      cause,
      () =>
        `a ${is.call} call of ${op} returned ${was.outcome ?? "ok"} before, ${is.outcome ?? "ok"} after`,
    );
  }
}

/**
 * errno, between the sides: the same result from equal states, but it left different VMAs, such
 * as a failing mremap() that has unmapped its target on one side only.
 */
export function checkEffect(before: SideState, after: SideState, outcome: Outcome): void {
  if (before.deviation.symptom !== null || after.deviation.symptom !== null) return;
  if (!failedAlike(before, after)) return;
  const { op } = after.op;
  const result = outcome ?? "ok";
  after.report(
    "errno",
    `${op}-${result}-effect`,
    () => `${op} returned ${result} on both sides and left different VMAs`,
  );
}
