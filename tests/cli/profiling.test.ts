import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fitOf } from "../../src/cli/kernelprobe.ts";
import {
  FACTS,
  factsTold,
  neighboursOf,
  type Row,
  rowsOf,
  tells,
} from "../../src/cli/profiling.ts";
import type { Design, Recording } from "../../src/trace/recording.ts";
import { type Trace, traceSchema } from "../../src/trace/trace.ts";

/** What a kernel would record that does what a row says, built without what makes allocations fail. */
const asKernel = ({ model }: Row, traces: readonly Trace[]): Recording[] =>
  traces
    .filter(({ ops }) => ops.every(({ fault }) => fault === undefined))
    .map((trace) => model.recordSync(trace));
const rowNamed = (design: Design, id: string) => rowsOf(design).find((row) => row.id === id) as Row;

describe("the profile of a kernel", () => {
  const lines = readFileSync(new URL("../../kernel/probes.jsonl", import.meta.url), "utf8").trim();
  const traces = lines.split("\n").map((line) => traceSchema.parse(JSON.parse(line)));
  const modern = rowsOf("kref");

  it("is told by traces that each tell two rows apart", () => {
    expect(traces.length).toBeGreaterThanOrEqual(20);
    for (const trace of traces) {
      const rows = [...rowsOf("vm-pat"), ...modern];
      const told = rows.some(
        (row) =>
          neighboursOf(row).some((other) => tells(trace, row, other.row)) ||
          rows.some((other) => other.model.design === row.model.design && tells(trace, row, other)),
      );
      expect([trace.name, told]).toEqual([trace.name, true]);
    }
  });

  it("is told of every fact but those that only a driver's handler, or VM_PAT, can see", () => {
    const told = factsTold(rowNamed("kref", "modern@7.2"), traces);
    expect(FACTS.filter((fact) => !told.has(fact))).toEqual([
      "remapChecksPartOfPrivateFirst",
      "vmFlagsAssertWriteLock",
      "mprotectLooksAtPages",
      "zapsMixed",
      "hasPmdPfnmap",
      "mremapErrorClearsSource",
    ]);
  });

  it("is that of its release, and of those that no trace tells from it", () => {
    for (const row of [rowNamed("kref", "modern@6.16"), rowNamed("vm-pat", "legacy@6.1")]) {
      const fit = fitOf(rowsOf(row.model.design), row.id, asKernel(row, traces));
      expect(fit.releases).toContain(row.id);
      expect([fit.row.id, fit.left, [...fit.row.changed]]).toEqual([row.id, [], []]);
    }
  });

  it("is found where no release has it, a fact or two away from the nearest", () => {
    const row = rowNamed("kref", "modern@7.2");
    for (const { fact, row: strange } of neighboursOf(row)) {
      const recordings = asKernel(strange, traces);
      const fit = fitOf(modern, row.id, recordings);
      expect(fit.left).toEqual([]);
      if (fit.told.has(fact))
        expect(fit.row.spec.profile[fact]).toEqual(strange.spec.profile[fact]);
    }
  });

  it("fits none where a kernel does what no value of any fact does, and the facts of those traces are named", () => {
    const row = rowNamed("kref", "modern@7.2");
    const recordings = asKernel(row, traces);
    const wrong = structuredClone(recordings);
    const at = wrong.findIndex(({ steps }) => steps.some(({ result }) => "errno" in result));
    for (const step of wrong[at]?.steps ?? [])
      if ("errno" in step.result) step.result = { errno: "EIO" };
    const fit = fitOf(modern, row.id, wrong);
    expect(fit.releases).toEqual([]);
    expect(fit.left).toEqual([wrong[at]]);
    expect(fit.none).toEqual(factsTold(fit.row, [wrong[at]?.trace as Trace]));
  });
});
