import { describe, expect, test } from "vitest";
import * as fc from "fast-check";
import { RACE_SCENARIOS } from "../../src/scenarios/races.ts";
import type { Both } from "../../src/trace/both.ts";
import type { Op } from "../../src/trace/op.ts";
import {
  inOrder,
  ordersOf,
  type RacedTrace,
  racedTraceSchema,
  raceIn,
  withoutSchedule,
} from "../../src/trace/race.ts";
import { explain } from "../../src/trace/read.ts";
import { traceSchema } from "../../src/trace/trace.ts";

const mmap: Op = {
  op: "mmap",
  proc: 0,
  at: 0,
  pages: 2,
  pfn: 0,
  via: "resource",
  prot: "rw",
  private: false,
};
const munmap: Op = { op: "munmap", proc: 0, at: 0, pages: 2 };
const fork = (child: number): Op => ({ op: "fork", proc: 0, child });

const tasks = (a: Op[], b: Op[], more: Partial<Both> = {}): Both => ({ op: "both", a, b, ...more });

function traceOf(...ops: unknown[]) {
  const world = { pfns: 4, vpages: 4, mtrr: "uncached" };
  return { format: "pfndiff/trace@1", name: "t", world, ops: [{ op: "spawn", proc: 0 }, ...ops] };
}

/** What is wrong with a trace, or null. */
function faultOf(...ops: unknown[]): string | null {
  const value = traceOf(...ops);
  const { error } = racedTraceSchema.safeParse(value);
  return error === undefined ? null : explain(error, value).join(" ");
}

describe("a trace with two tasks", () => {
  test.each([
    [
      "has both once",
      [tasks([mmap], [munmap]), tasks([mmap], [munmap])],
      "ops[2] is a second both",
    ],
    ["has ops on both sides", [tasks([], [munmap])], "ops[1].a has 0 entries"],
    [
      "makes its allocations",
      [tasks([{ ...mmap, fault: { at: "vma", nth: 1 } }], [munmap])],
      "ops[1].a[0] has a fault, which ops of a both cannot have",
    ],
    [
      "forks in time",
      [tasks([munmap], [{ op: "fork", proc: 0, child: 1, late: true }])],
      "ops[1].b[0] is a late fork, which a both cannot have",
    ],
    [
      "has no task act on who is yet to be borne by the other",
      [tasks([fork(1)], [{ op: "exit", proc: 1 }])],
      "ops[1].b[0] is about process 1, which the other task brings to life",
    ],
    ["names each child once", [tasks([fork(1)], [fork(1)])], "process 1 is brought to life twice"],
    [
      "stays in its world",
      [tasks([{ ...munmap, at: 3 }], [munmap])],
      "at + pages is 5, past vpages 4",
    ],
    [
      "says what a task may do",
      [tasks([tasks([mmap], [mmap]) as never], [mmap])],
      "ops[1].a[0].op",
    ],
    [
      "stops a task that there is",
      [tasks([mmap], [munmap], { schedule: [{ task: "c" as never, point: 1 }] })],
      "ops[1].schedule[0].task",
    ],
    ["is one that can be", [mmap, tasks([munmap], [munmap, fork(1)], { points: "memory" })], null],
    ["may be a plain one", [mmap, munmap], null],
  ])("%s", (_claim, ops, wrong) => {
    if (wrong === null) expect(faultOf(...ops)).toBeNull();
    else expect(faultOf(...ops)).toContain(wrong);
  });

  test("is refused by those who run plain traces, in words that say who does not", () => {
    const value = traceOf(tasks([mmap], [munmap]));
    const { error } = traceSchema.safeParse(value);
    expect(error === undefined ? "" : explain(error, value).join(" ")).toBe(
      'ops[1].op is "both": two tasks, which interleave, record and replay run',
    );
  });
});

test("tasks without their schedule are those of the trace that was searched", () => {
  const { race: given } = RACE_SCENARIOS[0] ?? expect.fail();
  const both = { ...given.both, schedule: [{ task: "a", point: 3 } as const] };
  const trace = { ...given.trace, ops: given.trace.ops.with(given.at, both) };
  expect(withoutSchedule({ trace, at: given.at, both })).toEqual(given);
});

describe("the orders of whole ops", () => {
  const race = (a: number, b: number) => {
    const script = (n: number, from: number) =>
      Array.from({ length: n }, (_, at) => fork(from + at));
    const both = tasks(script(a, 1), script(b, 100));
    const ops: RacedTrace["ops"] = [{ op: "spawn", proc: 0 }, both, munmap];
    const world = { pfns: 4, vpages: 4, mtrr: "uncached" } as const;
    return { trace: { format: "pfndiff/trace@1", name: "", world, ops }, at: 1, both } as const;
  };

  test("are all different, as many as there are, and keep each task's order", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), (a, b) => {
        const traces = ordersOf(race(a, b)).map((order) => inOrder(race(a, b), order));
        const choose = (n: number, k: number): number =>
          k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k;
        expect(new Set(traces.map(({ ops }) => JSON.stringify(ops))).size).toBe(choose(a + b, a));
        for (const { ops } of traces) {
          const children = ops.flatMap((op) => (op.op === "fork" ? [op.child] : []));
          const rising = (some: number[]) =>
            some.every((one, at) => at === 0 || one > (some[at - 1] ?? 0));
          expect([children.length, ops.at(-1)]).toEqual([a + b, munmap]);
          expect(rising(children.filter((child) => child < 100))).toBe(true);
          expect(rising(children.filter((child) => child >= 100))).toBe(true);
        }
      }),
      { numRuns: 20 },
    );
  });

  test("of every scenario are traces that can be run", () => {
    for (const { race: given } of RACE_SCENARIOS) {
      expect(racedTraceSchema.safeParse(given.trace).error).toBeUndefined();
      expect(raceIn(given.trace)).toEqual(given);
      const { a, b } = given.both;
      expect(ordersOf(given)).toHaveLength(a.length + b.length);
    }
  });
});
