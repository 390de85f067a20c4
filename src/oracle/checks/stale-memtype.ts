import { troubleCause } from "../blame.ts";
import { modeName, type SideState } from "../state.ts";

/** stale-memtype: a mapping got a cache mode that no live mapping of its pages needs. */
export function checkStaleMemtype(side: SideState): void {
  const { trouble, retention } = side;
  if (trouble.symptom !== "stale-memtype") return;
  if (trouble.kept) retention.changed++;
  const why = trouble.found ? ` because of a reservation over pfn ${trouble.page}` : "";
  const { got, expected } = trouble;
  const tell = () =>
    `the mapping got ${modeName(got)}${why}; exact tracking gives ${modeName(expected)}`;
  side.report("stale-memtype", troubleCause(side), tell, modeName(got));
}
