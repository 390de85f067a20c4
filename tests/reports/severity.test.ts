import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { judgedReport } from "../../reports/formats/report.ts";
import { campaignText } from "../../reports/campaigntext.ts";
import { summaryHtml } from "../../reports/html/summary.ts";
import { PLAIN } from "../../reports/paint.ts";
import { RENDERERS } from "../../reports/renderers.ts";
import type { CampaignView } from "../../reports/view.ts";
import type { ReportFinding } from "../../reports/data.ts";
import type { Replay } from "../../src/replay.ts";
import { SYMPTOMS } from "../../src/oracle/severity.ts";
import { BASELINE, campaign, finding } from "./formats/sample.ts";

/** One finding of each symptom, in an order that is neither the alphabet's nor severity's. */
const SHUFFLED = [...SYMPTOMS]
  .sort()
  .reverse()
  .map((symptom) => finding(`introduced:${symptom}:split`));

const { trace } = SHUFFLED[0] as (typeof SHUFFLED)[0];
const replay: Replay = {
  trace,
  before: "b",
  after: "a",
  steps: [],
  findings: [],
  firstDifference: null,
  modes: [],
  notComparable: 0,
  kernels: { before: null, after: null },
};
const view: CampaignView = {
  accepted: 1,
  campaign: campaign(SHUFFLED),
  findings: SHUFFLED.map((one) => ({ finding: one, known: false, replay, path: "p" })),
};
const judged = judgedReport(view.campaign, { ...BASELINE, entries: [] });

/** The symptoms in the order in which a text first names a finding of each. */
function namedIn(text: string, mark: (symptom: string) => string): string[] {
  return [...SYMPTOMS].sort((a, b) => text.indexOf(mark(a)) - text.indexOf(mark(b)));
}

const escaped = (text: string) => text.replaceAll(":", "%3A");
const signatureOf = (symptom: string) => `introduced:${symptom}:split`;

describe("every report puts the graver finding first", () => {
  test.each(["json", "junit", "sarif", "ktap"] as const)("%s", (format) => {
    const text = RENDERERS[format]({ view, judged, version: "0", file: "f" });
    expect(namedIn(text, signatureOf)).toEqual([...SYMPTOMS]);
  });

  test("markdown", () => {
    const text = RENDERERS.markdown({ view, judged, version: "0", file: "f" });
    expect(namedIn(text, (symptom) => `## introduced: ${symptom},`)).toEqual([...SYMPTOMS]);
  });

  test("text", () => {
    const text = campaignText(view, PLAIN);
    expect(namedIn(text, (symptom) => `INTRODUCED  ${symptom}:`)).toEqual([...SYMPTOMS]);
  });

  test("github, as far as it has room", () => {
    const text = RENDERERS.github({ view, judged, version: "0", file: "f" });
    const shown = text.split("\n").slice(0, 8);
    SYMPTOMS.slice(0, 8).forEach((symptom, line) => {
      expect(shown[line]).toContain(escaped(signatureOf(symptom)));
    });
  });

  test("html", () => {
    const side = { backend: "b", steps: [] };
    const findings: ReportFinding[] = SHUFFLED.map((one) => ({
      ...one,
      status: "new",
      before: side,
      after: side,
    }));
    const text = summaryHtml({ campaign: view.campaign, gate: null, findings });
    expect(namedIn(text, signatureOf)).toEqual([...SYMPTOMS]);
  });
});

test("SARIF calls faults errors, and a price or another answer a warning", () => {
  const log = JSON.parse(RENDERERS.sarif({ view, judged, version: "0", file: "f" }));
  const levels = log.runs[0].results.map((one: { ruleId: string; level: string }) => [
    one.ruleId,
    one.level,
  ]);
  const warnings = ["warning", "over-retention", "errno"];
  expect(levels).toEqual(SYMPTOMS.map((s) => [s, warnings.includes(s) ? "warning" : "error"]));
});

test("docs/REPORTS.md tells the order", () => {
  const text = readFileSync("docs/REPORTS.md", "utf8");
  const list = /gravest first: ([^.]*)\./.exec(text)?.[1] ?? "";
  expect([...list.matchAll(/`([\w-]+)`/g)].map(([, name]) => name)).toEqual([...SYMPTOMS]);
});
