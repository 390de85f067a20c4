import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CampaignOptions, type Progress, runCampaign } from "../../fuzz/campaign.ts";
import { concludeCampaign } from "../../fuzz/conclude.ts";
import { localExecutor, tallyRuns } from "../../fuzz/executor.ts";
import { findingIn } from "../../fuzz/witness.ts";
import { recordingDifferential } from "../../fuzz/differential.ts";
import { GOALS, goalsReached } from "../../fuzz/goals.ts";
import { shrink } from "../../fuzz/shrink.ts";
import { campaignSchema } from "../../fuzz/summary.ts";
import { EMPTY_TALLY, mergeTallies, runsOf, type Tally, Tallier } from "../../fuzz/tally.ts";
import type { ModelBackend } from "../../src/model/backend.ts";
import type { Trace } from "../../src/trace/trace.ts";
import type { JudgedFinding } from "../../src/oracle/finding.ts";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import { MODELS } from "../models.ts";
import { toyDifference, traceOf } from "./toy.ts";

const RUNS = 120;
const toy = {
  before: "toy-before",
  after: "toy-after",
  seed: 11,
  differential: toyDifference,
  runs: RUNS,
} satisfies CampaignOptions;

const campaign = async (options: Partial<CampaignOptions> = {}) =>
  (await runCampaign({ ...toy, ...options })).campaign;

describe("a campaign", () => {
  test("writes a summary that its schema accepts", async () => {
    const summary = await campaign();
    expect(campaignSchema.parse(structuredClone(summary))).toEqual(summary);
    expect(summary.findings.map(({ signature }) => signature)).toEqual([
      "fixed:leak:toy-fork",
      "fixed:leak:toy-head",
    ]);
  });

  test("keeps of which kernels the model is another release's, which changes nothing that it found", async () => {
    const [plain, told] = [await campaign(), await campaign({ unverified: ["the nearest"] })];
    expect(campaignSchema.parse(told).unverified).toEqual(["the nearest"]);
    expect(told.digest).toBe(plain.digest);
  });

  test("counts runs, ops, retention and what was not comparable over all runs", async () => {
    const summary = await campaign();
    const traces = Array.from({ length: RUNS }, (_, run) => traceOfRun(toy.seed, run));
    const ops = traces.reduce((sum, trace) => sum + trace.ops.length, 0);
    expect(summary).toMatchObject({
      runs: RUNS,
      ops,
      notComparable: RUNS,
      retention: { pageOps: ops, refused: RUNS, changed: 0 },
      retentionBefore: { pageOps: 2 * RUNS, refused: 0, changed: RUNS },
    });
    for (const { signature, count, firstRun } of summary.findings) {
      const showing = traces.map((trace) =>
        toyDifference(trace).findings.some((finding) => finding.signature === signature),
      );
      expect(count).toBe(showing.filter(Boolean).length);
      expect(firstRun).toBe(showing.indexOf(true));
    }
  });

  test("shrinks the earliest occurrence in which the sides had not parted", async () => {
    for (const finding of (await campaign()).findings) {
      const stepIn = (trace: Trace) =>
        toyDifference(trace).findings.find(
          ({ signature, parted }) => signature === finding.signature && !parted,
        )?.step;
      const occurrences = Array.from({ length: RUNS }, (_, run) => traceOfRun(toy.seed, run))
        .map((trace) => ({ trace, step: stepIn(trace) ?? Infinity }))
        .sort((a, b) => a.step - b.step);
      const { trace, step } = occurrences[0] as (typeof occurrences)[number];
      const until = { ...trace, ops: trace.ops.slice(0, step + 1) };
      const shrunk = shrink(until, (one) => stepIn(one) !== undefined);
      expect(finding.trace).toEqual({ ...shrunk, name: finding.signature });
      expect(finding.parted).toBe(false);
      expect(finding.step).toBe(shrunk.ops.length - 1);
    }
  });

  test("shrinks the whole run where a verdict hangs on a later op", async () => {
    const late = (trace: Trace) => {
      const spawned = trace.ops.findIndex(({ op }) => op === "spawn");
      const exited = trace.ops.findLastIndex(({ op }) => op === "exit");
      if (spawned < 0 || exited < spawned) return { ...toyDifference(trace), findings: [] };
      const [model] = toyDifference(forkAfterWrite).findings as [JudgedFinding];
      return { ...toyDifference(trace), findings: [{ ...model, step: spawned }] };
    };
    const [finding] = (await campaign({ differential: late })).findings;
    expect(finding?.trace.ops.map(({ op }) => op)).toEqual(["spawn", "exit"]);
    expect(finding?.step).toBe(0);
  });

  test("falls back to a run where they had when there is no other", async () => {
    const always = (trace: Trace) => {
      const difference = toyDifference(trace);
      return {
        ...difference,
        findings: difference.findings.map((finding) => ({
          ...finding,
          parted: true,
          verdict: "parted" as const,
          signature: `parted:leak:${finding.cause}`,
        })),
      };
    };
    const { findings } = await campaign({ differential: always });
    expect(findings.map(({ parted }) => parted)).toEqual([true, true]);
  });

  test("has the same digest at another time, and another one for another seed or pair", async () => {
    const { digest } = await campaign();
    expect((await campaign()).digest).toBe(digest);
    expect((await campaign({ differential: async (t) => toyDifference(t) })).digest).toBe(digest);
    for (const other of [{ seed: 12 }, { before: "x" }, { after: "x" }, { runs: RUNS - 1 }]) {
      expect((await campaign(other)).digest).not.toBe(digest);
    }
  });

  test("has a digest that speed, goals and saved findings do not enter", async () => {
    const { digest } = await campaign();
    const saved = [{ signature: "fixed:leak:toy-fork", trace: traceOf([]) }];
    expect((await campaign({ saved, leftOut: [] })).digest).toBe(digest);
  });

  test("says which goals it missed, of those it had to reach", async () => {
    const summary = await campaign();
    expect(summary.goals["fork-split"]).toBeGreaterThan(0);
    expect(summary.goalsMissed).toEqual(GOALS.filter((goal) => goal !== "fork-split"));
    expect(summary.goalsLeftOut).toBeUndefined();
  });

  test("leaves out goals that it is not held to, unless it reaches them", async () => {
    const why = "no way";
    const leftOut = [
      { goal: "split", why },
      { goal: "fork-split", why },
    ] as const;
    const { goalsMissed, goalsLeftOut } = await campaign({ leftOut });
    expect(goalsLeftOut).toEqual([{ goal: "split", why }]);
    expect(goalsMissed).toEqual(GOALS.filter((goal) => !leftOut.some((one) => one.goal === goal)));
  });

  test("runs saved findings first and tells which still show", async () => {
    const seen: string[] = [];
    const shows = { signature: "parted:leak:toy-fork", trace: forkAfterWrite };
    const gone = { signature: "fixed:leak:toy-head", trace: forkAfterWrite };
    const result = await runCampaign({
      ...toy,
      saved: [shows, gone],
      differential: (trace) => {
        seen.push(trace.name);
        return toyDifference(trace);
      },
    });
    expect(seen.slice(0, 3)).toEqual(["by hand", "by hand", "seed 11 run 0"]);
    expect([result.reproduced, result.gone]).toEqual([[shows], [gone]]);
  });

  test("ends at its time, with the runs it has done", async () => {
    const summary = await campaign({ runs: 1e9, milliseconds: 60 });
    expect(summary.runs).toBeGreaterThan(0);
    expect(summary.runs).toBeLessThan(1e6);
    expect((await campaign({ runs: summary.runs })).digest).toBe(summary.digest);
  });

  test("ends when it is aborted, and says so", async () => {
    const abort = new AbortController();
    let looked = 0;
    const options = { ...toy, runs: 1e9, signal: abort.signal };
    const result = await runCampaign({
      ...options,
      onProgress: () => {
        if (++looked === 5) abort.abort();
      },
    });
    expect(result.interrupted).toBe(true);
    expect(result.campaign.runs).toBeGreaterThan(0);
    const whole = await campaign({ runs: result.campaign.runs });
    const seen = (some: typeof whole) => some.findings.map((f) => [f.signature, f.count]);
    expect(seen(result.campaign)).toEqual(seen(whole));
    expect(result.campaign.interrupted).toBe(true);
    expect((await runCampaign(toy)).interrupted).toBe(false);
  });

  test("reports its progress: phases in order, numbers that only grow, the newest finding", async () => {
    const reports: Progress[] = [];
    await campaign({ onProgress: (progress) => reports.push(progress) });
    expect(reports[0]).toMatchObject({ phase: "replay", runs: 0, findings: 0, lastNew: null });
    expect(reports.at(-1)).toMatchObject({ phase: "shrink", runs: RUNS, findings: 2, etaMs: 0 });
    expect(reports.filter(({ phase }) => phase === "run").length).toBeGreaterThanOrEqual(2);
    for (const [i, { runs, lastNew }] of reports.entries()) {
      expect(runs).toBeGreaterThanOrEqual(reports[i - 1]?.runs ?? 0);
      if (lastNew !== null) expect(lastNew.run).toBeLessThan(runs);
    }
  });

  test("without an end is a fault of the caller", async () => {
    const { runs: _, ...endless } = toy;
    await expect(runCampaign(endless)).rejects.toThrow("needs an end");
  });

  test("does not hide a differential that is not steady", async () => {
    let calls = 0;
    const unsteady = (trace: Trace) =>
      ++calls > RUNS ? { ...toyDifference(trace), findings: [] } : toyDifference(trace);
    await expect(campaign({ differential: unsteady })).rejects.toThrow("does not hold");
  });

  test("keeps a whole trace where what stands in for the differential shows nothing", async () => {
    const { findings } = await campaign({});
    const seen = { count: 1, firstRun: 0, best: { run: 0, step: 0 } };
    const real = toyDifference;
    const blind = (trace: Trace) => ({ ...toyDifference(trace), findings: [] });
    const [{ signature, trace: minimal } = { signature: "", trace: traceOf([]) }] = findings;
    const padded = { ...minimal, ops: [...minimal.ops, { op: "spawn" as const, proc: 900 }] };
    const best = { run: 0, step: padded.ops.length - 1 };
    const at = { ...seen, best };
    const kept = await findingIn(padded, signature, at, real, blind);
    const small = await findingIn(padded, signature, at, real, real);
    expect(kept.trace.ops).toEqual(padded.ops);
    expect(small.trace.ops.length).toBeLessThan(padded.ops.length);
  });
});

const forkAfterWrite = traceOf([
  { op: "touch", proc: 0, at: 0, write: true },
  { op: "fork", proc: 0, child: 1 },
]);

describe("tallies", () => {
  const single = async (run: number) => tallyRuns(toy.seed, run, run + 1, toyDifference);

  test("of any partition of the runs, in any order, add up to the campaign", async () => {
    const parts = await Promise.all(Array.from({ length: 30 }, (_, run) => single(run)));
    const whole = await tallyRuns(toy.seed, 0, 30, toyDifference);
    fc.assert(
      fc.property(fc.shuffledSubarray(parts, { minLength: 30 }), fc.nat(29), (order, cut) => {
        const sum = (some: readonly Tally[]) => some.reduce(mergeTallies, EMPTY_TALLY);
        expect(sum(order)).toEqual(whole);
        expect(mergeTallies(sum(order.slice(0, cut)), sum(order.slice(cut)))).toEqual(whole);
      }),
    );
    expect(JSON.stringify(parts.toReversed().reduce(mergeTallies))).toBe(JSON.stringify(whole));
    const { digest } = await concludeCampaign(whole, 1, {
      ...toy,
      executor: localExecutor(toy.seed, toyDifference),
    });
    expect((await campaign({ runs: 30 })).digest).toBe(digest);
  });

  test("survive the way through JSON", async () => {
    const tally = await tallyRuns(toy.seed, 3, 9, toyDifference);
    expect(JSON.parse(JSON.stringify(tally))).toEqual(tally);
    expect(runsOf(tally)).toBe(6);
  });

  test("that share a run do not add up", async () => {
    const [a, b] = [await single(4), await tallyRuns(toy.seed, 3, 6, toyDifference)];
    expect(() => mergeTallies(a, b)).toThrow("tallied twice");
  });

  test("take in runs in any order", () => {
    const [forward, backward] = [new Tallier(), new Tallier()];
    const runs = Array.from({ length: 20 }, (_, run) => run);
    const add = (tallier: Tallier) => (run: number) =>
      tallier.add(run, 1, toyDifference(traceOfRun(1, run)));
    runs.forEach(add(forward));
    runs.toReversed().forEach(add(backward));
    expect(backward.tally()).toEqual(forward.tally());
  });
});

describe("a differential over recordings", () => {
  const [before, after] = [MODELS["6.12"], MODELS["6.18"]] as [ModelBackend, ModelBackend];
  const nothing = { pageOps: 0, refused: 0, changed: 0 };

  test("joins the goals of both sides, whether they record at once or later", async () => {
    const verdicts = {
      findings: [],
      notComparable: 2,
      retention: nothing,
      retentionBefore: nothing,
    };
    const judge = () => verdicts;
    const atOnce = recordingDifferential(before.recordSync, after.recordSync, judge);
    const later = recordingDifferential(before.record, after.recordSync, judge);
    for (let run = 0; run < 20; run++) {
      const trace = traceOfRun(2, run);
      const goals = goalsReached(before.recordSync(trace)) | goalsReached(after.recordSync(trace));
      expect(atOnce(trace)).toEqual({ ...verdicts, goals });
      expect(await later(trace)).toEqual(atOnce(trace));
    }
  });
});
