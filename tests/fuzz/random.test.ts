import * as fc from "fast-check";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { describe, expect, test } from "vitest";
import { type Purpose, Random, randomOfRun } from "../../fuzz/random.ts";
import { traceOfRun } from "../../fuzz/traceofrun.ts";

const draws = (random: Random, count: number) =>
  Array.from({ length: count }, () => random.below(1024));

const runs = fc.record({
  seed: fc.maxSafeNat(),
  run: fc.maxSafeNat(),
  purpose: fc.constantFrom<Purpose>("trace", "mutation", "fault"),
});

describe("the random numbers of a run", () => {
  test("are pure-rand's xoroshiro128+, three draws of each number", () => {
    // The first number of a generator is ~seed, of which draws show all but the two lowest bits.
    const drawn = draws(randomOfRun(0, 0, "trace"), 48);
    const bits = drawn.slice(0, 3).reduce((sum, draw) => (sum << 10) | draw, 0);
    const seeds = [0, 1, 2, 3].map((low) => ~((bits << 2) | low));
    const made = seeds.map((seed) => {
      const generator = xoroshiro128plus(seed);
      return Array.from({ length: 16 }, () => {
        const number = generator.next() >>> 2;
        return [number >> 20, (number >> 10) & 1023, number & 1023];
      }).flat();
    });
    expect(made).toContainEqual(drawn);
  });

  test("are the same after a restart, whatever was drawn before it", () => {
    fc.assert(
      fc.property(runs, runs, fc.nat({ max: 100 }), (before, { seed, run, purpose }, count) => {
        const random = randomOfRun(before.seed, before.run, before.purpose);
        draws(random, count);
        random.restart(seed, run, purpose);
        expect(draws(random, 100)).toEqual(draws(randomOfRun(seed, run, purpose), 100));
      }),
    );
  });

  test("differ by seed, by run and by purpose", () => {
    const numbers = [0, 1, 2 ** 32, 2 ** 33 + 1].flatMap((seed) =>
      [0, 1, 2 ** 32].flatMap((run) =>
        (["trace", "mutation", "fault"] as const).map((purpose) =>
          draws(randomOfRun(seed, run, purpose), 6).join(),
        ),
      ),
    );
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  test("are spread evenly, each draw of the first twelve over many runs", () => {
    const counts = Array.from({ length: 12 }, () => Array.from({ length: 8 }, () => 0));
    for (let run = 0; run < 8000; run++) {
      const random = randomOfRun(1, run, "trace");
      for (const count of counts) {
        const value = random.below(8);
        count[value] = (count[value] as number) + 1;
      }
    }
    for (const value of counts.flat()) expect(Math.abs(value - 1000)).toBeLessThan(150);
  });

  test("of one purpose do not mind the traces drawn meanwhile", () => {
    const random = randomOfRun(1, 2, "mutation");
    const meanwhile = Array.from({ length: 200 }, (_, run) => {
      traceOfRun(1, run);
      return random.below(1024);
    });
    expect(meanwhile).toEqual(draws(randomOfRun(1, 2, "mutation"), 200));
  });
});
