import { deviationCause } from "../deviation.ts";
import { modeName, type SideState } from "../state.ts";

/** missed-conflict: a mapping succeeded although a live one of another cache mode overlaps it. */
export function checkMissedConflict(side: SideState): void {
  const { deviation } = side;
  if (deviation.symptom !== "missed-conflict") return;
  const { got, expected } = deviation;
  const tell = () =>
    `the mapping got ${modeName(got)}; exact tracking gives ${modeName(expected)}, for the live mappings' sake`;
  side.report("missed-conflict", deviationCause(side), tell, modeName(got));
}
