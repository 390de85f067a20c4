import { differences, show } from "../compare.ts";
import type { Replay, ReplayStep } from "../replay.ts";
import type { Side } from "../oracle/finding.ts";
import { reservations, type Scenario, type SideExpectation } from "./build.ts";

/** What a side of a replay shows, in the words of an expectation. */
export function outcomeOf(replay: Replay, side: Side): Required<SideExpectation> {
  const state = (step: ReplayStep) => step[side];
  const findings = replay.findings
    .filter((finding) => finding.side === side)
    .map((finding) => `${finding.symptom}:${finding.cause}`);
  const errnos = replay.steps.flatMap((step) => {
    const { result } = state(step);
    return "errno" in result ? [[step.index, result.errno] as const] : [];
  });
  const last = replay.steps.at(-1);
  return {
    findings: [...new Set(findings)].sort(),
    errnos: Object.fromEntries(errnos),
    memtype: last === undefined ? [] : reservations(state(last).memtype),
  };
}

/** Where a replay of the scenario's trace is not what the scenario expects; empty when it is. */
export function scenarioFaults(scenario: Scenario, replay: Replay): string[] {
  return (["before", "after"] as const).flatMap((side) => {
    const expected = { errnos: {}, ...scenario[side] };
    return differences(expected, outcomeOf(replay, side)).map(
      ({ path, expected: wanted, actual }) =>
        `${side}: ${path}: expected ${show(wanted)}, found ${show(actual)}`,
    );
  });
}
