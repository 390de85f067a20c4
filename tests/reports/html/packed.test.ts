import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bareStep, type ReportData, type ReportFinding } from "../../../reports/data.ts";
import { renderHtml } from "../../../reports/html/index.ts";
import { packReport, unpackReport } from "../../../reports/html/viewer/sandbox/packed.ts";
import { bothSides } from "../../../reports/sides.ts";
import { readBaseline } from "../../../src/cli/baseline.ts";
import { type BaselineEntry, reasonOf } from "../../../src/gate.ts";
import { replayOf } from "../../../src/replay.ts";
import { closedTrace } from "../../../src/trace/closed.ts";
import { modelOf } from "../../models.ts";
import { sampleReport } from "./sample.ts";

const [before, after] = [modelOf("6.12"), modelOf("7.2")];
const sample: ReportData = {
  ...sampleReport(),
  campaign: { ...sampleReport().campaign, before: before.id, after: after.id },
};

/** An accepted finding as a report has it of two models. */
function findingOf(entry: BaselineEntry): ReportFinding {
  const { signature, verdict, symptom, cause, trace, ref } = entry;
  const told = { contexts: true, requests: true };
  const replay = replayOf(before.recordSync(trace, told), after.recordSync(trace, told));
  const found = replay.findings.find((one) => one.signature === signature);
  const sides = bothSides(replay);
  const ending = (model: typeof before) =>
    model.recordSync(closedTrace(trace)).steps.slice(trace.ops.length).map(bareStep);
  return {
    signature,
    verdict,
    symptom,
    cause,
    trace,
    ref,
    reason: reasonOf(entry),
    count: 1200,
    firstRun: 17,
    side: found?.side ?? "before",
    step: found?.step ?? 0,
    parted: false,
    detail: found?.detail ?? "",
    status: "known",
    before: { ...sides.before, ending: ending(before) },
    after: { ...sides.after, ending: ending(after) },
  };
}

describe("a page's file", async () => {
  const { entries } = await readBaseline();
  // All kinds of them, from one end of the baseline to the other.
  const findings = entries.filter((_, at) => at % 4 === 0).map(findingOf);

  test("gives back every recording that it leaves out, to the letter", () => {
    const report = { ...sample, findings };
    const written = JSON.stringify(packReport(report));
    expect(JSON.parse(JSON.stringify(unpackReport(JSON.parse(written))))).toEqual(
      JSON.parse(JSON.stringify(report)),
    );
    expect(written).not.toContain('"steps"');
  });

  test("keeps what a kernel showed otherwise than its model, and only that", () => {
    const [first] = findings as [ReportFinding];
    const bare = (side: ReportFinding["before"]) => side.steps.map(bareStep);
    const kernel = { ...first.before, kernel: "6.12.0", steps: bare(first.before) };
    const other = kernel.steps.map((step) => ({ ...step, memtype: [] }));
    const finding = { ...first, before: { ...kernel, steps: other } };
    const [packed] = packReport({ ...sample, findings: [finding] }).findings;
    expect(packed?.before).toEqual(finding.before);
    expect(packed?.after).toHaveProperty("made");
  });

  test("of 500 findings like these stays under 2 MB", () => {
    const template = readFileSync("dist/viewer.html", "utf8");
    const bytes = (some: readonly ReportFinding[]) =>
      Buffer.byteLength(renderHtml({ ...sample, findings: some }, template));
    const [none, some] = [bytes([]), bytes(findings)];
    expect(none + ((some - none) / findings.length) * 500).toBeLessThan(2_000_000);
  });
});
