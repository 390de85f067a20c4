import * as fc from "fast-check";
import { xorshift128plus, xorshift128plusFromState } from "pure-rand/generator/xorshift128plus";

/** Words of the generator's state. */
const WORDS = 4;
const SEED_BITS = 32;
/** A seed is looked up in parts of so many bits. */
const PART_BITS = 8;
const PART_MASK = (1 << PART_BITS) - 1;
/** From the entries of one part to those of the next. */
const PART = WORDS << PART_BITS;

/** Where fast-check draws the first value of a seed from: it jumps before every value. */
function startOf(seed: number): readonly number[] {
  const generator = xorshift128plus(seed);
  generator.jump();
  return generator.getState();
}

/**
 * What each part of a seed brings into its start. Seeding and jumping do nothing but xor and
 * shift, so a start is the xor of what the parts of its seed bring in; that of seed 0, which all
 * have in common, is counted with the first part.
 */
function startTable(): Int32Array {
  const table = new Int32Array(PART * (SEED_BITS / PART_BITS));
  const zero = startOf(0);
  table.set(zero);
  for (let bit = 0; bit < SEED_BITS; bit++) {
    const start = startOf(1 << bit);
    const from = PART * Math.floor(bit / PART_BITS);
    const size = WORDS << (bit % PART_BITS);
    for (let at = from; at < from + size; at++) {
      const word = at % WORDS;
      table[at + size] = (table[at] as number) ^ (start[word] as number) ^ (zero[word] as number);
    }
  }
  return table;
}

const STARTS = startTable();

function startWord(a: number, b: number, c: number, d: number): number {
  return (
    (STARTS[a] as number) ^ (STARTS[b] as number) ^ (STARTS[c] as number) ^ (STARTS[d] as number)
  );
}

/**
 * The random numbers out of which fc.sample() draws the first value of a seed of 32 bits. A sample
 * of one value sets up a runner, a property and a generator and lets it jump, which takes as long
 * as a third of a trace; here jumps are looked up.
 */
export function firstRandom(seed: number): fc.Random {
  const a = (seed & PART_MASK) * WORDS;
  const b = PART + ((seed >>> PART_BITS) & PART_MASK) * WORDS;
  const c = 2 * PART + ((seed >>> (2 * PART_BITS)) & PART_MASK) * WORDS;
  const d = 3 * PART + (seed >>> (3 * PART_BITS)) * WORDS;
  const state = [
    startWord(a, b, c, d),
    startWord(a + 1, b + 1, c + 1, d + 1),
    startWord(a + 2, b + 2, c + 2, d + 2),
    startWord(a + 3, b + 3, c + 3, d + 3),
  ];
  return new fc.Random(xorshift128plusFromState(state));
}
