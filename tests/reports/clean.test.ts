import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { campaignSummary, campaignText } from "../../reports/campaigntext.ts";
import { cleaned, oneLine } from "../../reports/clean.ts";
import { percent } from "../../reports/numbers.ts";
import { PLAIN } from "../../reports/paint.ts";
import { RENDERERS } from "../../reports/renderers.ts";
import { replayText } from "../../reports/replaytext.ts";
import type { CampaignView } from "../../reports/view.ts";
import { progressText } from "../../src/cli/progress.ts";
import { boundsText } from "../../src/trace/bounds.ts";
import { openPair } from "../../src/cli/backends.ts";
import { replayOn } from "../../src/cli/bothsides.ts";
import type { Replay } from "../../src/replay.ts";
import { scenarioNamed } from "../../src/scenarios/index.ts";
import { judgedReport } from "../../reports/formats/report.ts";
import { BASELINE, campaign, finding } from "./formats/sample.ts";

const HOSTILE = "x\u001b[2J\u0007\r\n::error::no\u202e##[group]";

let replay: Replay;
let view: CampaignView;

beforeAll(async () => {
  const pair = await openPair({ before: "legacy", after: "modern" });
  const plain = await replayOn(pair, scenarioNamed("munmap-head").trace);
  const steps = plain.steps.map((step) => ({
    ...step,
    after: { ...step.after, events: [{ kind: "warn" as const, text: HOSTILE }] },
    findings: step.findings.map((one) => ({ ...one, detail: HOSTILE, signature: HOSTILE })),
  }));
  const trace = { ...plain.trace, name: HOSTILE };
  const kernels = { before: HOSTILE, after: null };
  replay = { ...plain, trace, steps, kernels, before: HOSTILE, after: HOSTILE };
  const found = { ...finding("introduced:alias:move-head", HOSTILE), trace };
  const roots = [{ name: HOSTILE, notice: HOSTILE, findings: [found.signature] }];
  view = {
    accepted: 1,
    campaign: { ...campaign([found]), before: HOSTILE, after: HOSTILE, roots },
    findings: [{ finding: found, known: false, replay, path: HOSTILE }],
  };
});

const material = () => {
  const judged = judgedReport(view.campaign, BASELINE);
  return { view, judged, version: "0.1.0", file: "baseline.json" };
};

describe("what came from outside reaches no terminal and no CI log as it is", () => {
  test.each([
    ["replay, narrow", () => [...replayText(replay, 80, PLAIN)].join("")],
    ["replay, wide", () => [...replayText(replay, 160, PLAIN)].join("")],
    ["campaign", () => campaignText(view, PLAIN)],
    ["summary", () => campaignSummary(view, PLAIN, ".pfndiff")],
    ["markdown", () => RENDERERS.markdown(material())],
    ["ktap", () => RENDERERS.ktap(material())],
  ])("%s", (_, render) => {
    const text = render();
    expect(text).toContain("\\u001b[2J");
    expect(text).not.toMatch(/[^\n\P{Cc}]|[\u202e]/u);
    expect(text).not.toMatch(/::|##\[/);
  });

  test("whatever the text, a cleaned one is one line without a command in it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(cleaned(`${text}::${text}\u001b`)).not.toMatch(/::|##\[|\p{Cc}/u);
        expect(oneLine(oneLine(text))).toBe(oneLine(text));
      }),
    );
  });
});

test("a share is read without powers of ten", () => {
  expect([1, 0.104, 1e-5, 1e-6, 1e-9, 0].map(percent)).toEqual([
    "100 %",
    "10 %",
    "0.001 %",
    "0.0001 %",
    "< 0.0001 %",
    "0 %",
  ]);
});

test("one of a kind is told as one, and thousands are set apart, in bounds and while it runs", () => {
  const bounds = { procs: 1, slots: 1, pages: 1, depth: 3, mtrr: "write-back", maps: 1 } as const;
  expect(boundsText(bounds)).toBe(
    "1 process, 1 area of 1 page, depth 3, low memory, room for 1 VMA",
  );
  const lastNew = { signature: "kept:alias:remap", run: 19_635 };
  const progress = { runs: 19_636, opsPerSecond: 8632, findings: 1, lastNew, shrunk: 0, ops: 1 };
  expect(progressText({ ...progress, phase: "replay", etaMs: 900 })).toBe(
    "19,636 runs, 8,632 ops/s, 1 finding, ETA 1 s, last new kept:alias:remap in run 19,635",
  );
});
