import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { overlap } from "../../fuzz/journal.ts";
import { missingRanges, RangePlanner, shardRange } from "../../fuzz/ranges.ts";
import type { RunRange } from "../../fuzz/tally.ts";

const runsIn = (ranges: readonly RunRange[]) =>
  ranges.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i));

/** Ascending, disjoint ranges below 100. */
const ranges = fc
  .uniqueArray(fc.nat(100), { minLength: 0, maxLength: 12 })
  .map((numbers) => numbers.sort((a, b) => a - b))
  .map((borders) =>
    Array.from({ length: borders.length >> 1 }, (_, i) => ({
      from: borders[2 * i] ?? 0,
      to: borders[2 * i + 1] ?? 0,
    })),
  );

describe("ranges", () => {
  test("that are missing and those that are done make the whole", () => {
    fc.assert(
      fc.property(ranges, (done) => {
        const all = runsIn([...missingRanges({ from: 0, to: 100 }, done), ...done]);
        expect(all.sort((a, b) => a - b)).toEqual(runsIn([{ from: 0, to: 100 }]));
      }),
    );
  });

  test("overlap where they share a run, and nowhere else", () => {
    fc.assert(
      fc.property(ranges, ranges, (a, b) => {
        const shared = new Set(runsIn(a));
        const first = runsIn(b).find((run) => shared.has(run));
        const found = overlap(a, b);
        expect(found?.from).toBe(first);
        for (const run of found === null ? [] : runsIn([found])) expect(shared).toContain(run);
      }),
    );
  });

  test("of all shards are the whole, and differ by at most one run", () => {
    fc.assert(
      fc.property(fc.nat(500), fc.integer({ min: 1, max: 40 }), (runs, of) => {
        const shards = Array.from({ length: of }, (_, i) => shardRange(runs, i + 1, of));
        const sizes = shards.map(({ from, to }) => to - from);
        expect(runsIn(shards)).toEqual(runsIn([{ from: 0, to: runs }]));
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("a planner", () => {
  test("hands out every run once, lowest first, at whatever pace", () => {
    fc.assert(
      fc.property(
        ranges,
        fc.integer({ min: 1, max: 4 }),
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        (left, jobs, pace) => {
          const planner = new RangePlanner(left, 0, { jobs });
          const planned: RunRange[] = [];
          for (let range = planner.next(Infinity); range !== null; range = planner.next(Infinity)) {
            planned.push(range);
            planner.learn(range.to - range.from, pace * (range.to - range.from));
          }
          expect(runsIn(planned)).toEqual(runsIn(left));
        },
      ),
    );
  });

  test("out of time hands out only what fills a hole", () => {
    const left = [
      { from: 3, to: 6 },
      { from: 20, to: 90 },
    ];
    const planner = new RangePlanner(left, 20, { jobs: 2 });
    expect(planner.next(0)).toMatchObject({ from: 3, to: 6, owed: true });
    expect(planner.next(0)).toBeNull();
  });

  test("cuts at multiples of the chunk, so that whoever cuts gets the same names", () => {
    const planner = new RangePlanner([{ from: 5, to: 25 }], 0, { jobs: 9, chunk: 10 });
    const cut = [0, 1, 2].map(() => planner.next(Infinity));
    expect(cut.map((range) => [range?.from, range?.to])).toEqual([
      [5, 10],
      [10, 20],
      [20, 25],
    ]);
  });
});
