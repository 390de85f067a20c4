import type { Outcome } from "../../mm/errno.ts";
import { troubleCause } from "../blame.ts";
import { modeName, type SideState } from "../state.ts";

/** refused: mmap() or fork() fails for a conflict that exact tracking would not see. */
export function checkRefused(side: SideState, outcome: Outcome): void {
  const { trouble, retention, op } = side;
  // An allocation that was told to fail explains a refusal; no tracking would have helped.
  if (trouble.symptom !== "refused" || op.fault !== undefined) return;
  if (trouble.kept) retention.refused++;
  const why = trouble.found ? ` because of a reservation over pfn ${trouble.page}` : "";
  const { op: kind } = op;
  const exact = kind === "fork" ? "allows it" : `gives ${modeName(trouble.expected)}`;
  const tell = () => `${kind} failed with ${outcome}${why}; exact tracking ${exact}`;
  side.report("refused", troubleCause(side), tell, String(outcome));
}
