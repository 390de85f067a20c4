import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import { arbitraryTrace } from "../arbitrary.ts";
import { modernBackend } from "../../modern/index.ts";
import { type Op, SYSCALL_KINDS } from "../../src/trace/op.ts";
import { type Trace, traceSchema } from "../../src/trace/trace.ts";

const seeds = fc.maxSafeNat();
const sample = Array.from({ length: 400 }, (_, run) => traceOfRun(1, run));
const share = (holds: (trace: (typeof sample)[number]) => boolean) =>
  sample.filter(holds).length / sample.length;

/** The most processes that may be alive together. */
function mostAlive(ops: readonly Op[]): number {
  let [alive, most] = [0, 0];
  for (const op of ops) {
    if (op.op === "spawn" || op.op === "fork") alive++;
    if (op.op === "exit") alive--;
    most = Math.max(most, alive);
  }
  return most;
}

const isWriteOf = (proc: number) => (op: Op) => op.op === "touch" && op.write && op.proc === proc;

describe("the arbitrary of traces", () => {
  test("yields only valid traces", () => {
    fc.assert(
      fc.property(arbitraryTrace, (trace) => {
        expect(traceSchema.parse(trace)).toEqual(trace);
      }),
      { numRuns: 2000 },
    );
  });

  test("yields 8 ops or more and mostly brings no more than 4 processes together", () => {
    expect(sample.every(({ ops }) => ops.length >= 8)).toBe(true);
    // A fork of, or an exit by, a dead process counts here though nothing lives or dies.
    expect(share(({ ops }) => mostAlive(ops) <= 6)).toBeGreaterThan(0.94);
  });

  test("has a share of long mappings, of crowds, and of windows with two page tables", () => {
    const many = Array.from({ length: 2000 }, (_, run) => traceOfRun(2, run));
    const part = (holds: (trace: (typeof many)[number]) => boolean) =>
      many.filter(holds).length / many.length;
    const isLong = ({ ops }: Trace) => ops.some((op) => op.op === "mmap" && op.pages > 16);
    const isCrowd = ({ ops }: Trace) => mostAlive(ops) >= 14;
    const crosses = ({ ops }: Trace) =>
      ops.some((op) => op.op === "mmap" && op.at < 512 && op.at + op.pages > 512);
    for (const holds of [isLong, isCrowd, crosses]) {
      expect(part(holds)).toBeGreaterThan(0.005);
      expect(part(holds)).toBeLessThan(0.06);
    }
    expect(part(({ world }) => world.pfns > 16 || world.vpages > 24)).toBeLessThan(0.1);
  });

  test("shares a context among 20 and more in a third of the crowds", () => {
    const crowds = Array.from({ length: 2000 }, (_, run) => traceOfRun(2, run)).filter(
      ({ ops }) => mostAlive(ops) >= 14,
    );
    const shared = crowds.map((trace) => {
      const { steps } = modernBackend("7.2").recordSync(trace, { contexts: true });
      return Math.max(...steps.flatMap(({ contexts = [] }) => contexts.map(({ refs }) => refs)));
    });
    expect(shared.filter((refs) => refs >= 20).length).toBeGreaterThan(crowds.length / 3);
  });

  test("at times copies every page of a private mapping before a fork", () => {
    const copiesAll = ({ ops }: Trace) =>
      ops.some((op, index) => {
        const writes = ops.slice(Math.max(0, index - 3), index);
        return op.op === "fork" && writes.length === 3 && writes.every(isWriteOf(op.proc));
      });
    expect(share(copiesAll)).toBeGreaterThan(0.01);
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
