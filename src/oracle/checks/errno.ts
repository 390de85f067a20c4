import type { Outcome } from "../../mm/errno.ts";
import type { SideState } from "../state.ts";

/**
 * errno, on one side alone: the VMAs seen are not those that the op and its result lead to, so
 * the result was not what happened. Asked only at a step that was surprised.
 */
export function checkAnswer(side: SideState, outcome: Outcome): void {
  const { op } = side.op;
  const tell = () => `${op} answered ${outcome ?? "success"}, and the VMAs do not show that`;
  side.report("errno", `${op}-untrue`, tell);
}

/**
 * errno, between the sides: equal states, one op, different results, and no mapping went
 * otherwise than exact tracking would have it on either side. Asked only where the results differ.
 */
export function checkErrno(
  before: SideState,
  after: SideState,
  beforeOutcome: Outcome,
  afterOutcome: Outcome,
): void {
  if (before.trouble.symptom !== null || after.trouble.symptom !== null) return;
  if (before.surprised || after.surprised) return;
  const { op } = after.op;
  const [was, is] = [beforeOutcome ?? "ok", afterOutcome ?? "ok"];
  after.report("errno", `${op}-${was}-to-${is}`, () => `${op} returned ${was} before, ${is} after`);
}

/**
 * errno, between the sides: the same result from equal states, but it left different VMAs, such
 * as a failing mremap() that has unmapped its target on one side only.
 */
export function checkEffect(before: SideState, after: SideState, outcome: Outcome): void {
  if (before.trouble.symptom !== null || after.trouble.symptom !== null) return;
  const { op } = after.op;
  const result = outcome ?? "ok";
  after.report(
    "errno",
    `${op}-${result}-effect`,
    () => `${op} returned ${result} on both sides and left different VMAs`,
  );
}
