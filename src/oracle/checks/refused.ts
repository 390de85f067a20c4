import type { Outcome } from "../../mm/errno.ts";
import { deviationCause } from "../deviation.ts";
import { modeName, type SideState } from "../state.ts";

/** refused: mmap() or fork() fails for a conflict that exact tracking would not see. */
export function checkRefused(side: SideState, outcome: Outcome): void {
  const { deviation, retention, op } = side;
  if (deviation.symptom !== "refused") return;
  if (deviation.kept) retention.refused++;
  const why = deviation.found ? ` because of a reservation over pfn ${deviation.page}` : "";
  const { op: kind } = op;
  const exact = kind === "fork" ? "allows it" : `gives ${modeName(deviation.expected)}`;
  const tell = () => `${kind} failed with ${outcome}${why}; exact tracking ${exact}`;
  side.report("refused", deviationCause(side), tell, String(outcome));
}
