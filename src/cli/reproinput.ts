import { closedTrace } from "../trace/closed.ts";
import type { ReproFinding, ReproInput } from "../../reports/repro/input.ts";
import type { Pair } from "./backends.ts";
import { recorderOf } from "./bothsides.ts";

/** Records a finding's trace, with an exit for every process, on both sides. */
export async function reproInput(pair: Pair, finding: ReproFinding): Promise<ReproInput> {
  const closed = closedTrace(finding.trace);
  return {
    finding,
    before: await recorderOf(pair.before)(closed),
    after: await recorderOf(pair.after)(closed),
  };
}
