import { describe, expect, test } from "vitest";
import { randomOfRun } from "../../fuzz/random.ts";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import { TraceExtender } from "../../fuzz/extend.ts";
import { mend, type Mutation, MUTATIONS, mutate, withExits } from "../../fuzz/mutate.ts";
import { faultedTraceOfRun, idiomTraceOfRun } from "../../fuzz/sources.ts";
import type { Op } from "../../src/trace/op.ts";
import { LONGEST } from "../../fuzz/swarm.ts";
import { bornBy, type Trace, traceSchema, type World } from "../../src/trace/trace.ts";

const RUNS = Array.from({ length: 400 }, (_, run) => run);

function mutantOf(run: number, mutations: readonly Mutation[]): Trace {
  const sources = [traceOfRun, faultedTraceOfRun, idiomTraceOfRun];
  const from = (nth: number) => (sources[nth % sources.length] as typeof traceOfRun)(5, nth);
  return mutate(randomOfRun(1, run, "mutation"), from(run), from(run + 7), mutations);
}

/** Processes that no exit ends. */
function left(ops: readonly Op[]): number[] {
  const alive = new Set<number>();
  for (const op of ops) {
    const born = bornBy(op);
    if (born !== null) alive.add(born);
    if (op.op === "exit") alive.delete(op.proc);
  }
  return [...alive];
}

describe.each(MUTATIONS)("%s", (mutation) => {
  test("makes valid traces whose processes all exit", () => {
    for (const run of RUNS) {
      const mutant = mutantOf(run, [mutation]);
      expect(() => traceSchema.parse(mutant)).not.toThrow();
      expect(left(mutant.ops)).toEqual([]);
      expect(mutant.ops.length).toBeLessThanOrEqual(LONGEST.ops + LONGEST.births);
    }
  });

  test("makes the same of the same dice, and seldom nothing", () => {
    const changed = RUNS.filter((run) => {
      const mutant = mutantOf(run, [mutation]);
      expect(mutantOf(run, [mutation])).toEqual(mutant);
      const whole = (
        run % 3 === 0 ? traceOfRun : run % 3 === 1 ? faultedTraceOfRun : idiomTraceOfRun
      )(5, run);
      return JSON.stringify(mutant.ops) !== JSON.stringify(withExits(mend(whole.world, whole.ops)));
    });
    expect(changed.length).toBeGreaterThan(RUNS.length / 2);
  });
});

describe("mending", () => {
  const world: World = { pfns: 4, vpages: 8, mtrr: "uncached" };
  const munmap = (proc: number, at: number): Op => ({ op: "munmap", proc, at, pages: 1 });

  test("leaves a trace whose processes are named in order as it is", () => {
    const ops: Op[] = [
      { op: "spawn", proc: 0 },
      { op: "fork", proc: 0, child: 1 },
      munmap(1, 7),
      { op: "exit", proc: 0 },
    ];
    expect(mend(world, ops)).toEqual(ops);
  });

  test("leaves out what is outside the world, born twice or never born", () => {
    const ops: Op[] = [
      munmap(3, 0),
      { op: "spawn", proc: 9 },
      { op: "spawn", proc: 9 },
      munmap(9, 8),
      munmap(9, 7),
      { op: "fork", proc: 4, child: 5 },
      munmap(5, 1),
    ];
    expect(mend(world, ops)).toEqual([{ op: "spawn", proc: 0 }, munmap(0, 7)]);
  });
});

test("ops that go on from a trace aim at the VMAs that it leaves", () => {
  const world: World = { pfns: 16, vpages: 200, mtrr: "uncached" };
  const map = { pages: 3, pfn: 0, via: "resource", prot: "rw", private: false } as const;
  const before: Op[] = [
    { op: "spawn", proc: 0 },
    { op: "mmap", proc: 0, at: 10, ...map },
    { op: "mremap", proc: 0, at: 10, pages: 3, newPages: 3, to: 150 },
    { op: "fork", proc: 0, child: 1 },
    { op: "exit", proc: 0 },
  ];
  let [aimed, all] = [0, 0];
  for (let run = 0; run < 300; run++) {
    const [op] = new TraceExtender(randomOfRun(2, run, "mutation"), world, before).more(1);
    if (op === undefined || !("at" in op) || op.op === "mmap" || op.proc !== 1) continue;
    all += 1;
    if (op.at >= 149 && op.at < 153) aimed += 1;
  }
  expect(all).toBeGreaterThan(100);
  expect(aimed / all).toBeGreaterThan(0.75);
});
