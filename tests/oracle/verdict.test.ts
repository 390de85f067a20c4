import { describe, expect, test } from "vitest";
import type { Side } from "../../src/oracle/finding.ts";
import { SideFinding } from "../../src/oracle/sidefinding.ts";
import { judgeFindings } from "../../src/oracle/verdict.ts";

const stale = (side: Side, step: number, kind: string) =>
  new SideFinding("stale-memtype", "replace", side, step, false, kind, () => "");

function verdicts(before: readonly SideFinding[], after: readonly SideFinding[]): string[] {
  return [...new Set(judgeFindings(before, after).map(({ verdict }) => verdict))];
}

describe("a symptom and cause that both sides show", () => {
  test("is changed where it shows at one step in two kinds, and nowhere in the same", () => {
    expect(verdicts([stale("before", 2, "WC")], [stale("after", 2, "UC-")])).toEqual(["changed"]);
    const also = [stale("after", 2, "UC-"), stale("after", 5, "WC")];
    expect(verdicts([stale("before", 2, "WC")], also)).toEqual(["kept"]);
  });

  test("is kept where the kinds differ because the steps do", () => {
    expect(verdicts([stale("before", 2, "WC")], [stale("after", 3, "UC-")])).toEqual(["kept"]);
  });

  test("is fixed or introduced where one side shows nothing of it", () => {
    expect(verdicts([stale("before", 2, "WC")], [])).toEqual(["fixed"]);
    expect(verdicts([], [stale("after", 2, "WC")])).toEqual(["introduced"]);
  });
});
