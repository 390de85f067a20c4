import * as fc from "fast-check";
import { type Trace, traceSchema } from "../src/trace/trace.ts";
import { Dice } from "./dice.ts";
import { firstRandom } from "./firstrandom.ts";
import { TraceWriter } from "./generate.ts";
import { simplerTraces } from "./shrink.ts";

/** Draws whole traces straight from fast-check's generator, and shrinks them structurally. */
class TraceArbitrary extends fc.Arbitrary<Trace> {
  /** These serve trace after trace. */
  private readonly dice = new Dice(firstRandom(0));
  private readonly writer = new TraceWriter(this.dice);

  override generate(random: fc.Random): fc.Value<Trace> {
    this.dice.restart(random);
    return new fc.Value(this.writer.write(), undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is Trace {
    return traceSchema.safeParse(value).success;
  }

  override shrink(trace: Trace): fc.Stream<fc.Value<Trace>> {
    return fc.stream(simplerTraces(trace)).map((simpler) => new fc.Value(simpler, undefined));
  }
}

/** Every trace it yields satisfies traceSchema. */
export const arbitraryTrace: fc.Arbitrary<Trace> = new TraceArbitrary();

/** The dice of one run of a campaign: other ones than those that its trace is drawn with. */
export function diceOfRun(seed: number, run: number): Dice {
  return new Dice(firstRandom(mix(seedOfRun(seed, run) ^ GOLDEN)));
}

/** Spreads the bits of a 32-bit number (the finaliser of MurmurHash3). */
function mix(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

const WORD = 2 ** 32;
const GOLDEN = 0x9e3779b9;

/** Takes in the lower 32 bits of a safe integer. */
const absorb = (state: number, word: number) => (mix(state ^ word) + GOLDEN) | 0;

/** One 32-bit seed out of the campaign's seed and the run's index, both safe integers >= 0. */
export function seedOfRun(seed: number, run: number): number {
  const state = absorb(absorb(GOLDEN, seed), Math.floor(seed / WORD));
  return mix(absorb(absorb(state, run), Math.floor(run / WORD)));
}

const THOUSAND = 1000;
const LAST_DIGITS = Array.from({ length: THOUSAND }, (_, n) => String(n).padStart(3, "0"));

/** What the names of a thousand runs begin with. */
let thousand = { seed: -1, from: -1, name: "" };

/**
 * The name of a run's trace. Making a string of a number takes as long as two ops, so those of all
 * but the last digits of a run serve a thousand runs.
 */
function nameOfRun(seed: number, run: number): string {
  if (run < THOUSAND) return `seed ${seed} run ${run}`;
  const digits = run % THOUSAND;
  const from = run - digits;
  if (thousand.seed !== seed || thousand.from !== from) {
    thousand = { seed, from, name: `seed ${seed} run ${from / THOUSAND}` };
  }
  return thousand.name + (LAST_DIGITS[digits] as string);
}

/** The trace of one run of a campaign; it depends on the seed and the run's index only. */
export function traceOfRun(seed: number, run: number): Trace {
  const random = firstRandom(seedOfRun(seed, run));
  const { format, world, ops } = arbitraryTrace.generate(random, undefined).value;
  return { format, name: nameOfRun(seed, run), world, ops };
}
