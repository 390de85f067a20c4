import { describe, expect, test } from "vitest";
import { chanceOfNew, residualOf } from "../../fuzz/residual.ts";
import { EMPTY_TALLY } from "../../fuzz/tally.ts";

/** A generator of numbers in [0, 1) that gives the same ones every time (a Lehmer generator). */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 0x7fffffff;
    return state / 0x7fffffff;
  };
}

describe("the residual chance", () => {
  test("is the share of runs whose signature only they showed", () => {
    expect(residualOf(1000, [1, 1, 2, 500])).toMatchObject({ chance: 0.002 });
  });

  test("of many more runs is that one of them shows something new", () => {
    const seen = (count: number) => ({ count, firstRun: 0, best: { step: 0, run: 0 } });
    const tally = {
      ...EMPTY_TALLY,
      ranges: [{ from: 0, to: 1000 }],
      // What shows only where the sides had parted is no news.
      occurrences: { a: seen(1), b: seen(40), "parted:leak:unmap-head": seen(1) },
    };
    expect(chanceOfNew(tally, 1)).toBeCloseTo(0.001, 9);
    expect(chanceOfNew(tally, 1000)).toBeCloseTo(1 - 1 / Math.E, 3);
  });

  test("is never certainly zero: after n quiet runs up to 3/n stays possible", () => {
    const { chance, low, high } = residualOf(1000, [500, 40]);
    expect([chance, low]).toEqual([0, 0]);
    expect(high).toBeCloseTo(0.003, 4);
  });

  test("is unknown before the first run, and always a chance", () => {
    expect(residualOf(0, [])).toEqual({ chance: 1, low: 0, high: 1 });
    expect(residualOf(2, [1, 1, 1, 1, 2])).toMatchObject({ chance: 1, high: 1 });
  });

  test("holds the true chance in its interval in nine of ten campaigns", () => {
    const chances = Array.from({ length: 60 }, (_, rank) => 0.3 / (rank + 1) ** 2);
    const random = dice(20_250_512);
    const runs = 400;
    const campaigns = 500;
    let held = 0;
    for (let campaign = 0; campaign < campaigns; campaign++) {
      const counts = chances.map(() => 0);
      for (let run = 0; run < runs; run++) {
        chances.forEach((chance, index) => {
          if (random() < chance) counts[index] = (counts[index] ?? 0) + 1;
        });
      }
      const nothingNew = chances.reduce(
        (product, chance, index) => (counts[index] === 0 ? product * (1 - chance) : product),
        1,
      );
      const { low, high } = residualOf(
        runs,
        counts.filter((count) => count > 0),
      );
      if (low <= 1 - nothingNew && 1 - nothingNew <= high) held += 1;
    }
    expect(held / campaigns).toBeGreaterThan(0.9);
  });
});
