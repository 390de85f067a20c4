import { describe, expect, it } from "vitest";
import { chooseExpectation } from "../../../reports/repro/choose.ts";
import { holds } from "../../../reports/repro/expectation.ts";
import { closedTrace } from "../../../src/trace/closed.ts";
import { reproProgram } from "../../../reports/repro/program.ts";
import { SYMPTOMS } from "../../../src/oracle/finding.ts";
import { UserError } from "../../../src/usererror.ts";
import { UNSEEN } from "./baselineinputs.ts";
import { inputOf, MADE_UP, MODELLED } from "./findings.ts";

const ALL = [...MODELLED, ...MADE_UP];
const names = ALL.map((input) => [input.finding.signature, input] as const);

describe("what a reproducer checks", () => {
  it.each(names)(
    "fails on the side that has the symptom and holds on the other, unless it is kept: %s",
    (_, input) => {
      const { before, after, finding } = input;
      const [own, other] = finding.side === "before" ? [before, after] : [after, before];
      const expectation = chooseExpectation(input);
      expect(holds(expectation, own)).toBe(false);
      expect(holds(expectation, other)).toBe(finding.verdict !== "kept");
    },
  );

  it("is there for every symptom that user space can see", () => {
    const seen = new Set(ALL.map((input) => input.finding.symptom));
    expect(SYMPTOMS.filter((symptom) => !seen.has(symptom))).toEqual(UNSEEN);
  });

  it.each(UNSEEN)(
    "is refused in one line that says why for a symptom it cannot see: %s",
    (name) => {
      const ops = [{ op: "spawn", proc: 0 }] as const;
      const input = inputOf(`introduced:${name}:split`, "after", 0, ops);
      expect(() => reproProgram(input)).toThrow(UserError);
      const why =
        /^introduced:[a-z-]+:split: (a program cannot see|no kernel shows user space) .+$/;
      expect(() => reproProgram(input)).toThrow(why);
    },
  );

  it("is refused where the recordings do not show the symptom", () => {
    const input = inputOf("fixed:leak:split", "before", 0, [{ op: "spawn", proc: 0 }]);
    expect(() => reproProgram(input)).toThrow(/nothing that user space can see/);
  });

  it("is a fault of the caller when the recordings are of another trace", () => {
    const [input, another] = MODELLED;
    if (input === undefined || another === undefined) throw new Error("two findings are needed");
    expect(() => reproProgram({ ...input, after: another.after })).toThrow(/closed trace/);
  });
});

describe("a closed trace", () => {
  it("ends every process that the trace leaves alive, and only those", () => {
    const trace = closedTrace({
      format: "pfndiff/trace@1",
      name: "",
      world: { pfns: 1, vpages: 1, mtrr: "uncached" },
      ops: [
        { op: "spawn", proc: 3 },
        { op: "fork", proc: 3, child: 1 },
        { op: "spawn", proc: 2 },
        { op: "exit", proc: 3 },
      ],
    });
    expect(trace.ops.slice(4)).toEqual([
      { op: "exit", proc: 1 },
      { op: "exit", proc: 2 },
    ]);
    expect(closedTrace(trace)).toEqual(trace);
  });
});
