import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { closedOrders, raceStress } from "../../../reports/repro/race.ts";
import { raceProgram } from "../../../reports/repro/racec.ts";
import { RACE_SCENARIOS, raceScenarioNamed } from "../../../src/scenarios/races.ts";
import { isDriverOp } from "../../../src/trace/driverkinds.ts";
import type { Op } from "../../../src/trace/op.ts";
import type { Race } from "../../../src/trace/race.ts";
import { sampleOf } from "../../long.ts";
import { modelOf } from "../../models.ts";
import { SCHEDULE } from "../html/schedule.ts";
import { hasGcc, withCompiled } from "./compile.ts";

const SIDES = [modelOf("6.12"), modelOf("7.2")] as const;

/** What a driver does no program can. */
const PROGRAMS = RACE_SCENARIOS.filter(({ race }) => !race.trace.ops.some(isDriverOp));

function stressOf(race: Race) {
  const orders = closedOrders(race).flatMap(({ order, trace }) =>
    SIDES.map((side) => ({ order, recording: side.recordSync(trace) })),
  );
  return raceStress(race, orders, null);
}

describe("a stress program of two tasks", () => {
  test.runIf(hasGcc).each(sampleOf(PROGRAMS, 4).map(({ name, race }) => [name, race] as const))(
    "of %s compiles without a warning and asks for a device",
    (_, race) => {
      withCompiled(raceProgram(stressOf(race)), (program) => {
        const { status, stderr } = spawnSync(program, { encoding: "utf8" });
        expect([status, stderr]).toEqual([4, "usage: race [-n TRIES] RESOURCE-FILE [OFFSET]\n"]);
      });
    },
  );

  test("has each op in its lane, and knows what every order of whole ops gives", () => {
    const { steps, known } = stressOf(raceScenarioNamed("revoke-fork").race);
    expect(steps.map(({ lane, op }) => `${lane} ${op.op}`)).toEqual([
      "setup spawn",
      "setup spawn",
      "setup mmap",
      "a revoke",
      "b fork",
      "later exit",
      "later exit",
      "later exit",
    ]);
    expect(known.map(({ results, list, end }) => [results, list, end])).toEqual([
      // 6.12 untracks at once; from 6.16 on the reservation stays as long as the VMAs.
      [["0", "0"], "", ""],
      [["0", "0"], "[0,8) uncached-minus ", ""],
    ]);
    expect(known.map(({ name }) => name.split("; ").length)).toEqual([2, 2]);
  });

  test("takes the outcome of a saved schedule for no order of whole ops", () => {
    const { race } = raceScenarioNamed("revoke-munmap-silent");
    const { known } = raceStress(race, [], SCHEDULE.outcome);
    expect(known).toEqual([
      {
        name: "alias:munmap+revoke-mmap",
        isOfOrder: false,
        results: ["0", "0", "0"],
        invalid: [0, 0],
        warned: false,
        list: "",
        end: null,
      },
    ]);
  });

  test.each<[RegExp, Op]>([
    [/has every spawn before them/, { op: "spawn", proc: 2 }],
    [/driver's work/, { op: "drv-zap", proc: 0, off: 0, pages: 1 }],
    [
      /must fail where no program can choose/,
      { op: "munmap", proc: 0, at: 0, pages: 8, fault: { at: "vma", nth: 1 } },
    ],
  ])("is refused with %s", (why, op) => {
    const { race } = raceScenarioNamed("revoke-munmap");
    const both = { ...race.both, b: [op] };
    const ops = race.trace.ops.map((one, index) => (index === race.at ? both : one));
    expect(() => raceStress({ ...race, both, trace: { ...race.trace, ops } }, [], null)).toThrow(
      why,
    );
  });
});
