import { describe, expect, it } from "vitest";
import { DEFAULT_AFTER, DEFAULT_BEFORE, openBackend } from "../src/cli/backends.ts";
import { recorderOf } from "../src/cli/bothsides.ts";
import { outcomeOf, scenarioFaults } from "../src/scenarios/check.ts";
import { layOut } from "../src/replay.ts";
import { judge } from "../src/oracle/judge.ts";
import { SCENARIOS, scenarioNamed } from "../src/scenarios/index.ts";
import type { Scenario } from "../src/scenarios/build.ts";
import { traceSchema } from "../src/trace/trace.ts";

async function replayOf({ sides, trace }: Scenario) {
  const { before, after } = sides ?? { before: DEFAULT_BEFORE, after: DEFAULT_AFTER };
  const record = async (id: string) => recorderOf(await openBackend(id))(trace);
  const [left, right] = await Promise.all([record(before), record(after)]);
  return layOut(left, right, judge(left, right));
}

describe("scenarios", () => {
  it.each(SCENARIOS.map((scenario) => [`${scenario.name} (${scenario.ref})`, scenario] as const))(
    "%s shows on each side what it is known for",
    async (_name, scenario) => {
      expect(traceSchema.parse(scenario.trace)).toEqual(scenario.trace);
      expect(scenarioFaults(scenario, await replayOf(scenario))).toEqual([]);
    },
  );

  it("have names of their own, which their traces carry", () => {
    expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
    expect(SCENARIOS.filter(({ name, trace }) => trace.name !== name)).toEqual([]);
  });

  it("cover the cases of the selftest and the catalogue that these ops can express", () => {
    const refs = SCENARIOS.map(({ ref }) => ref);
    const wanted = "L1 L2 L3 L4 L5 L6 L7 L10 L11 L12 L19 L20 L29 L30 L32 N1 N16".split(" ");
    expect(wanted.filter((ref) => !refs.includes(ref))).toEqual([]);
    expect(refs.filter((ref) => ref.startsWith("pfnmap selftest"))).toHaveLength(6);
  });

  it("fail when a finding, an errno or a reservation is another", async () => {
    const scenario = scenarioNamed("munmap-head");
    const replay = await replayOf(scenario);
    const { before } = scenario;
    const wrong = [
      { ...before, findings: [] },
      { ...before, errnos: { 2: "EINVAL" as const } },
      { ...before, memtype: [] },
    ];
    for (const expectation of wrong) {
      expect(scenarioFaults({ ...scenario, before: expectation }, replay)).toHaveLength(
        expectation.findings.length === 0 ? before.findings.length : 1,
      );
    }
    expect(outcomeOf(replay, "after").memtype).toEqual([]);
  });
});
