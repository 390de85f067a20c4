import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryTrace, diceOfRun, seedOfRun, traceOfRun } from "../../fuzz/arbitrary.ts";
import { Dice } from "../../fuzz/dice.ts";
import { firstRandom } from "../../fuzz/firstrandom.ts";

/** Yields numbers of the generator that it is handed, and the state that it was in. */
class Numbers extends fc.Arbitrary<unknown> {
  override generate(random: fc.Random): fc.Value<unknown> {
    return new fc.Value(numbersOf(random), undefined);
  }

  override canShrinkWithoutContext(_value: unknown): _value is unknown {
    return false;
  }

  override shrink(): fc.Stream<fc.Value<unknown>> {
    return fc.Stream.nil();
  }
}

const numbersOf = (random: fc.Random) => ({
  state: random.getState(),
  numbers: Array.from({ length: 5 }, () => random.nextInt()),
});
const sampled = (seed: number) => fc.sample(new Numbers(), { seed, numRuns: 1 })[0];
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

describe("the first random numbers of a seed", () => {
  test("are those that fast-check samples from, for every bit of the seed", () => {
    for (let bit = 0; bit < 32; bit++) {
      expect(numbersOf(firstRandom(1 << bit))).toEqual(sampled(1 << bit));
      expect(numbersOf(firstRandom(~(1 << bit)))).toEqual(sampled(~(1 << bit)));
    }
  });

  test("are those that fast-check samples from, for any seed", () => {
    fc.assert(
      fc.property(int32, (seed) => {
        expect(numbersOf(firstRandom(seed))).toEqual(sampled(seed));
      }),
      { numRuns: 2000 },
    );
  });

  test("draw the trace of a run as a sample of the arbitrary would", () => {
    const sample = (seed: number) => fc.sample(arbitraryTrace, { seed, numRuns: 1 })[0];
    for (const seed of [0, 1, 7, 2 ** 31, 2 ** 40 + 3, Number.MAX_SAFE_INTEGER]) {
      for (let run = 0; run < 500; run++) {
        const { name: _, ...drawn } = traceOfRun(seed, run);
        expect(sample(seedOfRun(seed, run))).toMatchObject(drawn);
      }
    }
  });
});

describe("dice", () => {
  /** Three draws of ten bits out of each number, lowest bits first. */
  function drawsOf(random: fc.Random, count: number): number[] {
    const draws: number[] = [];
    while (draws.length < count) {
      const bits = random.nextInt(0, 2 ** 30 - 1);
      draws.push(bits & 1023, (bits >> 10) & 1023, bits >> 20);
    }
    return draws.slice(0, count);
  }
  const roll = (dice: Dice, count: number) => Array.from({ length: count }, () => dice.below(1024));

  test("make three draws of each number, in its order", () => {
    fc.assert(
      fc.property(int32, fc.nat({ max: 200 }), (seed, count) => {
        expect(roll(new Dice(firstRandom(seed)), count)).toEqual(drawsOf(firstRandom(seed), count));
      }),
    );
  });

  test("that restart fall as new ones do, whatever they drew before", () => {
    fc.assert(
      fc.property(int32, int32, fc.nat({ max: 100 }), (before, seed, count) => {
        const dice = new Dice(firstRandom(before));
        roll(dice, count);
        dice.restart(firstRandom(seed));
        expect(roll(dice, 100)).toEqual(roll(new Dice(firstRandom(seed)), 100));
      }),
    );
  });

  test("of one run do not mind the traces drawn meanwhile", () => {
    const dice = diceOfRun(1, 2);
    const meanwhile = Array.from({ length: 200 }, (_, run) => {
      traceOfRun(1, run);
      return dice.below(1024);
    });
    expect(meanwhile).toEqual(roll(diceOfRun(1, 2), 200));
  });
});
