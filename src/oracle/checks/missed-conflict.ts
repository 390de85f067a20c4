import { troubleCause } from "../blame.ts";
import { modeName, type SideState } from "../state.ts";

/** missed-conflict: a mapping succeeded although a live one of another cache mode overlaps it. */
export function checkMissedConflict(side: SideState): void {
  const { trouble } = side;
  if (trouble.symptom !== "missed-conflict") return;
  const detail = `the mapping got ${modeName(trouble.got)}; exact tracking gives ${modeName(trouble.expected)}, for the live mappings' sake`;
  side.report("missed-conflict", troubleCause(side), detail, modeName(trouble.got));
}
