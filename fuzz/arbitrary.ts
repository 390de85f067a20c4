import * as fc from "fast-check";
import { type Trace, traceSchema } from "../src/trace/trace.ts";
import { Dice } from "./dice.ts";
import { TraceWriter } from "./generate.ts";
import { simplerTraces } from "./shrink.ts";

/** Draws whole traces straight from fast-check's generator, and shrinks them structurally. */
class TraceArbitrary extends fc.Arbitrary<Trace> {
  override generate(random: fc.Random): fc.Value<Trace> {
    return new fc.Value(new TraceWriter(new Dice(random)).write(), undefined);
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

/** Hands the dice themselves to whoever draws more than one thing with them. */
class DiceArbitrary extends fc.Arbitrary<Dice> {
  override generate(random: fc.Random): fc.Value<Dice> {
    return new fc.Value(new Dice(random), undefined);
  }

  override canShrinkWithoutContext(_value: unknown): _value is Dice {
    return false;
  }

  override shrink(): fc.Stream<fc.Value<Dice>> {
    return fc.Stream.nil();
  }
}

const arbitraryDice = new DiceArbitrary();

/** The dice of one run of a campaign: other ones than those that its trace is drawn with. */
export function diceOfRun(seed: number, run: number): Dice {
  const [dice] = fc.sample(arbitraryDice, { seed: mix(seedOfRun(seed, run) ^ GOLDEN), numRuns: 1 });
  if (dice === undefined) throw new Error("fast-check sampled nothing");
  return dice;
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

const absorb = (state: number, word: number) => (mix(state ^ word) + GOLDEN) | 0;

/** One 32-bit seed out of the campaign's seed and the run's index, both safe integers >= 0. */
export function seedOfRun(seed: number, run: number): number {
  const state = absorb(absorb(GOLDEN, seed % WORD), Math.floor(seed / WORD));
  return mix(absorb(absorb(state, run % WORD), Math.floor(run / WORD)));
}

/** The trace of one run of a campaign; it depends on the seed and the run's index only. */
export function traceOfRun(seed: number, run: number): Trace {
  const [trace] = fc.sample(arbitraryTrace, { seed: seedOfRun(seed, run), numRuns: 1 });
  if (trace === undefined) throw new Error("fast-check sampled nothing");
  const { format, world, ops } = trace;
  return { format, name: `seed ${seed} run ${run}`, world, ops };
}
