import type { Difference } from "../../fuzz/differential.ts";
import { goalBit } from "../../fuzz/goals.ts";
import type { JudgedFinding } from "../../src/oracle/finding.ts";
import type { Op } from "../../src/trace/op.ts";
import type { Trace } from "../../src/trace/trace.ts";

/** A trace by hand, in a world like the recordings'. */
export function traceOf(ops: Op[], name = "by hand"): Trace {
  const world = { pfns: 16, vpages: 24, mtrr: "uncached" } as const;
  return { format: "pfndiff/trace@1", name, world, ops };
}

/** Two causes that take a few ops each, found without any model. */
const CAUSES: Readonly<Record<string, (earlier: readonly Op[], op: Op) => boolean>> = {
  "toy-head": (earlier, op) =>
    op.op === "munmap" &&
    earlier.some(
      (one) =>
        one.op === "mmap" && one.proc === op.proc && one.at === op.at && one.pages > op.pages,
    ),
  "toy-fork": (earlier, op) =>
    op.op === "fork" &&
    earlier.some((one) => one.op === "touch" && one.write && one.proc === op.proc),
};

/** Judges a trace by looking at its ops alone: steady, fast, and known in every detail. */
export function toyDifference(trace: Trace): Difference {
  const findings: JudgedFinding[] = [];
  trace.ops.forEach((op, step) => {
    for (const [cause, holds] of Object.entries(CAUSES)) {
      if (!holds(trace.ops.slice(0, step), op)) continue;
      const parted = step % 2 === 1;
      const verdict = parted ? "parted" : "fixed";
      findings.push({
        symptom: "leak",
        cause,
        side: "before",
        verdict,
        step,
        signature: `${verdict}:leak:${cause}`,
        parted,
        detail: `at ${step}`,
      });
    }
  });
  const kinds = new Set(trace.ops.map((op) => op.op));
  const goals = kinds.has("fork") ? goalBit("fork-split") : 0;
  const retention = { pageOps: trace.ops.length, refused: 1, changed: 0 };
  const retentionBefore = { pageOps: 2, refused: 0, changed: 1 };
  return { findings, goals, notComparable: 1, retention, retentionBefore };
}
