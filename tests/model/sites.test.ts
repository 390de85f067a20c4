import { expect, test } from "vitest";
import { idiomTraceOfRun, anyTrace } from "../../fuzz/sources.ts";
import { Machine } from "../../src/model/machine.ts";
import type { AllocationSite } from "../../src/pat/kernelstate.ts";
import { OP_KINDS, type Op, type OpKind, rowOf } from "../../src/trace/op.ts";
import type { Trace, World } from "../../src/trace/trace.ts";
import { MODELS } from "../models.ts";

/** Where the ops of some traces allocate, by kind of op, on all models. */
function allocationsOf(traces: readonly Trace[]): Map<OpKind, Set<AllocationSite>> {
  const met = new Map<OpKind, Set<AllocationSite>>();
  for (const model of Object.values(MODELS)) {
    const { spec } = model.machine({ pfns: 1, vpages: 1, mtrr: "uncached" });
    for (const { world, ops } of traces) {
      const asked = new Set<AllocationSite>();
      const machine = new Machine(world, {
        ...spec,
        tracking: (ranges, log, kernel) => {
          const fails = kernel.fails.bind(kernel);
          kernel.fails = (site) => {
            asked.add(site);
            return fails(site);
          };
          return spec.tracking(ranges, log, kernel);
        },
      });
      for (const op of ops) {
        asked.clear();
        machine.apply(op);
        const sites = met.get(op.op) ?? new Set();
        met.set(op.op, sites);
        for (const site of asked) sites.add(site);
      }
    }
  }
  return met;
}

const world: World = { pfns: 4, vpages: 4, mtrr: "uncached" };
const range = { proc: 0, pfn: 0, pages: 2 };
/** What drivers' idioms leave out, or seldom come to. */
const added: readonly Op[] = [
  { op: "spawn", proc: 0 },
  { op: "memremap-pages", proc: 0, slot: 0, type: "generic", pfn: 0, pages: 512 },
  { op: "set-memory", proc: 0, mode: "wc", pfn: 0, pages: 1 },
  { op: "mmap", proc: 0, at: 0, pages: 4, pfn: 0, via: "anon", prot: "none", private: true },
  { op: "mlock", proc: 0, at: 1, pages: 2 },
  { op: "mlock", proc: 0, at: 0, pages: 4 },
  { op: "munlock", proc: 0, at: 1, pages: 1 },
];
const wc: readonly Op[] = [
  { op: "spawn", proc: 0 },
  { op: "reserve-memtype-wc", ...range },
  { op: "free-memtype-wc", ...range },
];

test("every op allocates where its description says, and nowhere else", () => {
  const runs = Array.from({ length: 600 }, (_, run) => run);
  const met = allocationsOf([
    ...runs.map((run) => anyTrace(1, run)),
    ...runs.map((run) => idiomTraceOfRun(2, run)),
    { format: "pfndiff/trace@1", name: "wc", world, ops: [...wc] },
    { format: "pfndiff/trace@1", name: "added", world: { ...world, pfns: 512 }, ops: [...added] },
  ]);
  const shown = (sites: Iterable<AllocationSite>) => [...sites].sort().join();
  expect(OP_KINDS.map((kind) => `${kind}: ${shown(met.get(kind) ?? [])}`)).toEqual(
    OP_KINDS.map((kind) => `${kind}: ${shown(rowOf(kind).allocates)}`),
  );
});
