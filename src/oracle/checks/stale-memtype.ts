import { deviationCause } from "../deviation.ts";
import { modeName, type SideState } from "../state.ts";

/** stale-memtype: a mapping got a cache mode that no live mapping of its pages needs. */
export function checkStaleMemtype(side: SideState): void {
  const { deviation, retention } = side;
  if (deviation.symptom !== "stale-memtype") return;
  if (deviation.kept) retention.changed++;
  const why = deviation.found ? ` because of a reservation over pfn ${deviation.page}` : "";
  const { got, expected, page } = deviation;
  const exact = `exact tracking gives ${modeName(expected)}`;
  const tell =
    side.op.op === "mmap"
      ? () => `the mapping got ${modeName(got)}${why}; ${exact}`
      : () => `pfn ${page} of a live mapping came back as ${modeName(got)}; ${exact}`;
  side.report("stale-memtype", deviationCause(side), tell, modeName(got));
}
