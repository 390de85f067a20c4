import { expect, it } from "vitest";
import { readBaseline } from "../../src/cli/baseline.ts";
import { ownRecordings } from "../../src/cli/recordings.ts";
import { resultsOfKernels } from "../../src/cli/witnesses.ts";
import { scenarioNamed } from "../../src/scenarios/index.ts";
import { closedTrace } from "../../src/trace/closed.ts";
import { modelOf } from "../models.ts";
import { readRecordings, recordingFiles } from "../recordings.ts";
import { run } from "./run.ts";

const witnesses = recordingFiles("witnesses").flatMap((name) => readRecordings(name, "witnesses"));
const { entries } = await readBaseline();
const [before, after] = [modelOf("6.12"), modelOf("7.2")];

/** What the five kernels came to on an accepted finding, each as `6.12 FAIL`. */
function told(signature: string): string[] {
  const entry = entries.find((one) => one.signature === signature);
  if (entry === undefined) throw new Error(`nothing is accepted as ${signature}`);
  const trace = closedTrace(entry.trace);
  const finding = { ...entry, side: "before" as const, step: 2, detail: "" };
  const input = { finding, before: before.recordSync(trace), after: after.recordSync(trace) };
  return resultsOfKernels(input, witnesses).map(
    ({ release, passes }) => `${/^\d+\.\d+/.exec(release)?.[0]} ${passes ? "PASS" : "FAIL"}`,
  );
}

it("five kernels were recorded on the trace of an accepted leak: it is there up to 6.12", () => {
  expect(told("fixed:leak:unmap-head")).toEqual([
    "6.1 FAIL",
    "6.12 FAIL",
    "6.16 PASS",
    "6.18 PASS",
    "7.2 PASS",
  ]);
});

it("every step of the witnesses agrees with the models of their releases", async () => {
  const { status, out } = await run(["conform", ...(await ownRecordings("witnesses"))]);
  expect([status, /(\d+) of \1 steps/.test(out.split("\n").at(-2) ?? "")]).toEqual([0, true]);
});

it("what a kernel was recorded on otherwise is no result, nor what user space cannot check", () => {
  const trace = scenarioNamed("munmap-head").trace;
  const recorded = { before: before.recordSync(trace), after: after.recordSync(trace) };
  const [entry] = entries;
  if (entry === undefined) throw new Error("something is accepted");
  const finding = { ...entry, trace, side: "before" as const, step: 2, detail: "" };
  const renamed = witnesses.map((one) => ({ ...one, trace: { ...trace, ops: [...trace.ops] } }));
  const nopat = { ...finding, trace: { ...trace, world: { ...trace.world, pat: false as const } } };
  expect(resultsOfKernels({ ...recorded, finding }, witnesses)).toEqual([]);
  expect(resultsOfKernels({ ...recorded, finding: nopat }, renamed)).toEqual([]);
});
