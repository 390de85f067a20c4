import type { Step } from "../trace/recording.ts";
import { sameData } from "../trace/samedata.ts";

/** Fields of a step that only one design, or only a model, can show, and explanations. */
const ONE_SIDED = new Set(["pat", "contexts", "bared", "modes", "requests", "asked"]);

/** The first step whose result, reservations, VMAs or events differ, or null. */
export function firstDifference(before: readonly Step[], after: readonly Step[]): number | null {
  for (const [index, step] of before.entries()) {
    if (!sameData(step, after[index], ONE_SIDED)) return index;
  }
  return null;
}
