import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import { arbitraryTrace } from "../arbitrary.ts";
import { SYSCALL_KINDS } from "../../src/trace/op.ts";
import { traceSchema } from "../../src/trace/trace.ts";

const seeds = fc.maxSafeNat();
const sample = Array.from({ length: 400 }, (_, run) => traceOfRun(1, run));
const share = (holds: (trace: (typeof sample)[number]) => boolean) =>
  sample.filter(holds).length / sample.length;

describe("the arbitrary of traces", () => {
  test("yields only valid traces", () => {
    fc.assert(
      fc.property(arbitraryTrace, (trace) => {
        expect(traceSchema.parse(trace)).toEqual(trace);
      }),
      { numRuns: 2000 },
    );
  });

  test("yields 8 ops or more and never brings more than 4 processes together", () => {
    for (const { ops } of sample) {
      expect(ops.length).toBeGreaterThanOrEqual(8);
      let alive = 0;
      let most = 0;
      for (const op of ops) {
        if (op.op === "spawn" || op.op === "fork") alive++;
        if (op.op === "exit") alive--;
        most = Math.max(most, alive);
      }
      // A fork of, or an exit by, a dead process counts here though nothing lives or dies.
      expect(most).toBeLessThanOrEqual(6);
    }
  });

  test("reaches every system call, both regions, small and usual worlds, one and more processes", () => {
    const kinds = new Set(sample.flatMap(({ ops }) => ops.map((op) => op.op)));
    expect([...kinds].sort()).toEqual([...SYSCALL_KINDS].sort());
    expect(share(({ world }) => world.mtrr === "uncached")).toBeCloseTo(0.75, 1);
    expect(share(({ world }) => world.pfns === 16 && world.vpages === 24)).toBeGreaterThan(0.6);
    expect(share(({ world }) => world.vpages <= 8)).toBeGreaterThan(0.1);
    expect(share(({ ops }) => ops.some((op) => op.op === "fork"))).toBeGreaterThan(0.3);
    expect(share(({ ops }) => ops.some((op) => op.op === "fork"))).toBeLessThan(0.9);
  });

  test("mostly ends with no process left", () => {
    const ends = share(({ ops }) => ops.at(-1)?.op === "exit");
    expect(ends).toBeGreaterThan(0.8);
    expect(ends).toBeLessThan(1);
  });

  test("shrinks a failing property to its least trace", () => {
    const details = fc.check(
      fc.property(arbitraryTrace, ({ ops }) => !ops.some((op) => op.op === "fork")),
      { seed: 3 },
    );
    expect(details.counterexample?.[0]).toEqual({
      format: "pfndiff/trace@1",
      name: "",
      world: { pfns: 1, vpages: 1, mtrr: "uncached" },
      ops: [{ op: "fork", proc: 0, child: 0 }],
    });
  });

  test("shrinks a trace it did not generate, but nothing that is no trace", () => {
    expect(arbitraryTrace.canShrinkWithoutContext(traceOfRun(1, 2))).toBe(true);
    expect(arbitraryTrace.canShrinkWithoutContext({ ops: [] })).toBe(false);
  });
});

describe("the trace of a run", () => {
  test("depends on the seed and the index of the run only", () => {
    fc.assert(
      fc.property(seeds, fc.nat(), fc.array(fc.nat(), { maxLength: 3 }), (seed, run, others) => {
        const trace = traceOfRun(seed, run);
        for (const other of others) traceOfRun(seed, other);
        expect(traceOfRun(seed, run)).toEqual(trace);
      }),
    );
  });

  test("differs from run to run and from seed to seed", () => {
    const texts = [1, 2, 2 ** 32 + 1, 2 ** 33 + 1].flatMap((seed) =>
      [0, 1, 2, 2 ** 32].map((run) => JSON.stringify(traceOfRun(seed, run).ops)),
    );
    expect(new Set(texts).size).toBe(texts.length);
  });

  test("is named after both", () => {
    for (const run of [0, 42, 999, 1000, 1001, 1999, 2000, 42_007, 2 ** 32 + 5]) {
      for (const seed of [7, 8]) expect(traceOfRun(seed, run).name).toBe(`seed ${seed} run ${run}`);
    }
  });
});
