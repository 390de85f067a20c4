import { describe, expect, it } from "vitest";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import { MODERN_MUTANTS } from "../../modern/mutants/index.ts";
import { kindOf, labelled } from "../../src/cli/kernelfuzz.ts";
import { modelBackend, type ModelBackend } from "../../src/model/backend.ts";
import { judge } from "../../src/oracle/judge.ts";
import { scenarioNamed } from "../../src/scenarios/index.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { modelOf } from "../models.ts";

const traces = (count: number) => Array.from({ length: count }, (_, at) => traceOfRun(77, at));

describe("three voices", () => {
  const labelsOf = (trace: Trace, kernel: ModelBackend, after: ModelBackend) => {
    const before = modelOf("6.12").recordSync(trace);
    const recordings = { before, after: after.recordSync(trace) };
    return labelled(false, { ...recordings, kernel: kernel.recordSync(trace) });
  };
  const labelsWith = (kernel: ModelBackend, after: ModelBackend) =>
    traces(20).flatMap((trace) => [...labelsOf(trace, kernel, after).values()]);

  it("a kernel that does what its model does shows design changes only", () => {
    expect(new Set(labelsWith(modelOf("7.2"), modelOf("7.2")))).toEqual(
      new Set(["design change", "parted"]),
    );
  });

  it("a model of another release has bugs, and the kernel has none", () => {
    const labels = labelsWith(modelOf("7.2"), modelOf("6.16"));
    expect(new Set(labels)).toEqual(new Set(["design change", "parted", "model bug"]));
  });

  it("a kernel that leaks where its model does not has that bug, and the model has none", () => {
    const { trace } = scenarioNamed("munmap-head");
    const labels = labelsOf(trace, modelOf("6.12"), modelOf("7.2"));
    expect(labels.get("double-untrack:unmap-head")).toBe("kernel bug");
    expect([...labels.values()]).not.toContain("model bug");
  });

  it("what both show only where the sides had parted is no design change", () => {
    const [before, after] = [modelOf("6.12"), modelOf("7.2")];
    const shown = traces(100).flatMap((trace) => {
      const labels = labelsOf(trace, after, after);
      const { findings } = judge(before.recordSync(trace), after.recordSync(trace));
      return findings.map(({ signature, verdict }) => [
        verdict === "parted",
        labels.get(signature),
      ]);
    });
    expect(shown.some(([isParted]) => isParted)).toBe(true);
    for (const [isParted, label] of shown)
      expect(label).toBe(isParted ? "parted" : "design change");
  });

  it("a kernel with a fault in its tracking is told by few kinds, whatever follows from it", () => {
    const kinds = MODERN_MUTANTS.filter((_, at) => at % 7 === 0).map(({ id, spec }) => {
      const kernel = modelBackend(id, "kref", spec);
      const strange = traces(30).flatMap((trace) =>
        [...labelsOf(trace, kernel, modelOf("7.2"))].filter(([, label]) => /bug/.test(label)),
      );
      return new Set(strange.map(([what, label]) => kindOf(what, label).what)).size;
    });
    expect(Math.max(...kinds)).toBeGreaterThan(1);
    expect(Math.max(...kinds)).toBeLessThanOrEqual(6);
  });
});
