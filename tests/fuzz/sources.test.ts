import { describe, expect, test } from "vitest";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import { tallyRuns } from "../../fuzz/executor.ts";
import { recordingDifferential, verdictsOf } from "../../fuzz/differential.ts";
import { faultedTraceOfRun, idiomTraceOfRun, knownToTrees, SOURCES } from "../../fuzz/sources.ts";
import { judge } from "../../src/oracle/judge.ts";
import type { Recording } from "../../src/trace/recording.ts";
import { ALLOCATION_SITES } from "../../src/pat/kernelstate.ts";
import { sourceFor } from "../../src/cli/sourcefor.ts";
import { UserError } from "../../src/usererror.ts";
import { type Op, rowOf } from "../../src/trace/op.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { traceSchema } from "../../src/trace/trace.ts";
import { MODELS, modelOf } from "../models.ts";
import { map, r, run, zap } from "../model/driverforms.ts";
import { IS_LONG } from "../long.ts";

function record(release: string): (trace: Trace) => Recording {
  const model = MODELS[release];
  if (model === undefined) throw new Error(`no model of ${release}`);
  const { recordSync } = model;
  return (trace) => recordSync(trace);
}

const differential = recordingDifferential(record("6.12"), record("7.2"), (before, after) =>
  verdictsOf(judge(before, after)),
);

describe.each(Object.entries(SOURCES))("what %s draws", (_, source) => {
  test("the oracle can follow, on either side", async () => {
    // In 1 of 2,000 of them a mapping's mode was taken for its reservation's, which ended the campaign.
    const runs = IS_LONG ? 6_000 : 100;
    const tally = await tallyRuns(1, 0, runs, differential, source);
    expect(tally.ops).toBeGreaterThan(runs);
  });
});

describe("a faulted run", () => {
  const runs = Array.from({ length: 400 }, (_, run) => faultedTraceOfRun(3, run));

  const faultsOf = ({ ops }: Trace) =>
    ops.flatMap(({ fault }) => (fault === undefined ? [] : [fault]));

  /** Where a move goes in the first page table. */
  const near = (op: Op): Op =>
    op.op === "mremap" && op.to !== undefined ? { ...op, to: op.to % 512 } : op;

  test("is the plain run with one to three faults, at every modelled site", () => {
    const sites = new Set<string>();
    runs.forEach((trace, run) => {
      traceSchema.parse(trace);
      for (const { at } of faultsOf(trace)) sites.add(at);
      const plain = trace.ops.map(({ fault: _gone, ...op }) => op);
      expect(plain.map(near)).toEqual(traceOfRun(3, run).ops.map(near));
    });
    expect([...sites].sort()).toEqual(
      ALLOCATION_SITES.filter((s) => !["kernel-area", "maple-node"].includes(s)).sort(),
    );
    const counts = runs.map((trace) => faultsOf(trace).length);
    expect(Math.max(...counts)).toBe(3);
    expect(counts.filter((count) => count === 1).length).toBeGreaterThan(runs.length / 3);
  });

  test("moves where no page table is yet when that is what is to fail", () => {
    const moves = runs.flatMap(({ ops }) =>
      ops.filter((op) => op.op === "mremap" && op.fault?.at === "page-table"),
    );
    const fixed = moves.filter((op) => op.op === "mremap" && op.to !== undefined);
    expect(fixed.length).toBeGreaterThan(5);
    expect(fixed.every((op) => op.op === "mremap" && (op.to ?? 0) >= 512)).toBe(true);
  });

  test("never leaks, frees twice or warns on the after side", async () => {
    const { occurrences } = await tallyRuns(3, 0, 1000, differential, faultedTraceOfRun);
    const bad = /^(introduced|kept|changed):(leak|double-untrack|warning|untracked-mapping)/;
    expect(Object.keys(occurrences).filter((signature) => bad.test(signature))).toEqual([]);
    expect(occurrences["fixed:warning:mmap"]?.count).toBeGreaterThan(0);
  });
});

describe("a run that cannot have nodes of the tree of VMAs", () => {
  const drawn = Array.from({ length: 100 }, (_, run) => SOURCES.nodes(4, run));

  test("is the plain run, where one to three ops that change VMAs are told so", () => {
    for (const [run, trace] of drawn.entries()) {
      traceSchema.parse(trace);
      const told = trace.ops.filter(({ fault }) => fault !== undefined);
      expect(told.length).toBeLessThanOrEqual(3);
      for (const { op, fault } of told) {
        expect(fault?.at).toBe("maple-node");
        expect(rowOf(op).allocates).toContain("vma");
      }
      const plain = trace.ops.map(({ fault: _gone, ...op }) => op);
      const { ops } = knownToTrees(traceOfRun)(4, run);
      expect(plain).toEqual(ops);
    }
    expect(drawn.filter(({ ops }) => ops.some(({ fault }) => fault)).length).toBeGreaterThan(90);
  });

  test("shows nothing of it in models, which have no such node", async () => {
    const { occurrences } = await tallyRuns(4, 0, 100, differential, SOURCES.nodes);
    const plain = await tallyRuns(4, 0, 100, differential, knownToTrees(traceOfRun));
    expect(occurrences).toEqual(plain.occurrences);
  });

  test("is drawn for two kernel trees, and refused where a side is none", () => {
    const model = modelOf("7.2");
    // What a tree is known by.
    const tree = { id: "tree:/linux", record: model.record, answerTo: () => new Int32Array() };
    expect(sourceFor({ before: tree, after: tree }, { nodes: true })).toBe("nodes");
    expect(() => sourceFor({ before: model, after: tree }, { nodes: true })).toThrow(UserError);
    expect(() => sourceFor({ before: tree, after: model }, { nodes: true })).toThrow(UserError);
  });
});

describe("a run of driver idioms", () => {
  test("depends on seed and run alone, and is valid", () => {
    for (const run of [0, 1, 2 ** 32]) {
      expect(idiomTraceOfRun(9, run)).toEqual(idiomTraceOfRun(9, run));
      traceSchema.parse(idiomTraceOfRun(9, run));
    }
    expect(idiomTraceOfRun(9, 1)).not.toEqual(idiomTraceOfRun(9, 2));
  });

  test("finds the regression of the narrowed window and the kernel BUG that is gone", async () => {
    const { occurrences } = await tallyRuns(9, 0, 300, differential, idiomTraceOfRun);
    expect(Object.keys(occurrences)).toEqual(
      expect.arrayContaining([
        "changed:errno:remap-window-ok-to-EINVAL",
        "changed:errno:remap-BUG-to-EINVAL",
      ]),
    );
  });
});

describe("what the program of a tree is given", () => {
  const world = { pfns: 8, vpages: 8, mtrr: "uncached" } as const;
  const drawn = (isPrivate: boolean) => (): Trace =>
    traceSchema.parse({
      format: "pfndiff/trace@1",
      name: "zapped",
      world,
      ops: [
        { op: "spawn", proc: 0 },
        map(2, [], { private: isPrivate }),
        run(0, [r(0, 0, 0, "wb")]),
        zap(0, 1),
      ],
    });
  const kinds = (isPrivate: boolean) =>
    knownToTrees(drawn(isPrivate))(0, 0).ops.map(({ op }) => op);

  test("has no zap through a file one of whose mappings has lost its place there", () => {
    expect(kinds(true)).toEqual(["spawn", "drv-mmap", "drv-run"]);
    expect(kinds(false)).toEqual(["spawn", "drv-mmap", "drv-run", "drv-zap"]);
  });
});
