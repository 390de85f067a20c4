import { describe, expect, it, test } from "vitest";
import {
  acceptEntry,
  type BaselineEntry,
  baselineSchema,
  isUnexpected,
  judgeGate,
} from "../src/gate.ts";
import type { CampaignFinding, JudgedFinding, Verdict } from "../src/oracle/finding.ts";
import type { Trace } from "../src/trace/trace.ts";

const trace: Trace = {
  format: "pfndiff/trace@1",
  name: "",
  world: { pfns: 4, vpages: 4, mtrr: "uncached" },
  ops: [{ op: "spawn", proc: 0 }],
};

function finding(verdict: Verdict, cause: string): JudgedFinding {
  const signature = `${verdict}:leak:${cause}`;
  const where = { side: "before", step: 0, parted: false, detail: "it leaks" } as const;
  return { signature, verdict, symptom: "leak", cause, ...where };
}

function found(verdict: Verdict, cause: string): CampaignFinding {
  return { ...finding(verdict, cause), count: 1, firstRun: 0, trace };
}

function entry(verdict: BaselineEntry["verdict"], cause: string): BaselineEntry {
  const { signature, symptom } = finding(verdict, cause);
  const sides = { before: "legacy@6.12", after: "modern@7.2" };
  return { signature, symptom, cause, ...sides, verdict, reason: "known", ref: "L1", trace };
}

const baselineOf = (...entries: BaselineEntry[]) =>
  baselineSchema.parse({ format: "pfndiff/baseline@1", entries });
const replaysOf = (baseline: { entries: BaselineEntry[] }, ...shown: JudgedFinding[]) =>
  new Map(baseline.entries.map(({ signature }) => [signature, shown]));

describe("the gate", () => {
  const baseline = baselineOf(entry("fixed", "split"));
  const holds = replaysOf(baseline, finding("fixed", "split"));

  it("passes when every entry shows and the campaign finds nothing else", () => {
    const outcome = judgeGate(baseline, { replays: holds, campaign: [found("fixed", "split")] });
    expect(outcome).toEqual({ passed: true, problems: [], held: 1 });
  });

  it("fails on what the campaign finds new, once however often", () => {
    const fresh = found("introduced", "shrink");
    const outcome = judgeGate(baseline, { replays: holds, campaign: [fresh, fresh] });
    expect(outcome.problems).toMatchObject([{ fault: "new", signature: fresh.signature }]);
    expect(outcome).toMatchObject({ passed: false, held: 1 });
  });

  it("fails on what an entry's own trace shows new", () => {
    const replays = replaysOf(baseline, finding("fixed", "split"), finding("kept", "other"));
    const outcome = judgeGate(baseline, { replays, campaign: [] });
    expect(outcome.problems).toMatchObject([{ fault: "new", signature: "kept:leak:other" }]);
  });

  it("fails on an entry whose trace shows nothing any more, even if the campaign finds it", () => {
    const outcome = judgeGate(baseline, {
      replays: replaysOf(baseline),
      campaign: [found("fixed", "split")],
    });
    expect(outcome.problems).toMatchObject([{ fault: "vanished", signature: "fixed:leak:split" }]);
    expect(outcome.held).toBe(0);
  });

  it("says changed, not vanished and new, when only the verdict is another", () => {
    const replays = replaysOf(baseline, finding("kept", "split"));
    const outcome = judgeGate(baseline, { replays, campaign: [found("kept", "split")] });
    expect(outcome.problems).toHaveLength(1);
    expect(outcome.problems).toMatchObject([{ fault: "changed", signature: "fixed:leak:split" }]);
  });

  it("does not pass over an entry that nobody replayed", () => {
    expect(() => judgeGate(baseline, { replays: new Map(), campaign: [] })).toThrow("not replayed");
  });
});

test("without a baseline what both sides share passes, but for a kernel that crashes", () => {
  const none = baselineOf();
  const isNew = (signature: string) =>
    isUnexpected(none, { signature, verdict: signature.split(":")[0] as Verdict });
  expect(["kept:leak:split", "parted:leak:split"].filter(isNew)).toEqual([]);
  const failing = [
    "fixed:leak:split",
    "kept:bug:mmap",
    "parted:crash:exit",
    "kept:kernel-leak:fork",
  ];
  expect(failing.filter(isNew)).toEqual(failing);
});

describe("a baseline", () => {
  it.each([
    ["without a reason", { reason: "" }],
    ["with a blank reason", { reason: "  " }],
    ["without a reference", { ref: "" }],
    ["whose signature is not its own", { cause: "shrink" }],
    ["with a field too many", { note: "x" }],
  ])("has no entry %s", (_what, change) => {
    const entries = [{ ...entry("fixed", "split"), ...change }];
    expect(baselineSchema.safeParse({ format: "pfndiff/baseline@1", entries }).success).toBe(false);
  });

  it("has no signature twice", () => {
    const entries = [entry("fixed", "split"), entry("fixed", "split")];
    expect(baselineSchema.safeParse({ format: "pfndiff/baseline@1", entries }).success).toBe(false);
  });

  it("stays sorted, and accepting again replaces the reason", () => {
    const first = acceptEntry(baselineOf(entry("kept", "a")), entry("fixed", "b"));
    const again = acceptEntry(first, { ...entry("kept", "a"), reason: "better known" });
    expect(again.entries.map(({ signature, reason }) => [signature, reason])).toEqual([
      ["fixed:leak:b", "known"],
      ["kept:leak:a", "better known"],
    ]);
  });
});
