import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

const DRAW_BITS = 10;
const DRAW_MASK = (1 << DRAW_BITS) - 1;
/** Draws out of one number. */
const DRAWS = 3;
/** Draws made ahead, of 16 numbers. */
const AHEAD = 16 * DRAWS;

/** What a run draws numbers for; each has numbers of its own. */
export type Purpose =
  | "trace"
  | "mutation"
  | "fault"
  | "race"
  | "apart"
  | "claims"
  | "keys"
  | "regions";

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

/** Where seeds begin, far from each other. */
const SALTS: Readonly<Record<Purpose, number>> = {
  trace: absorb(GOLDEN, 1),
  mutation: absorb(GOLDEN, 2),
  fault: absorb(GOLDEN, 3),
  race: absorb(GOLDEN, 4),
  apart: absorb(GOLDEN, 5),
  claims: absorb(GOLDEN, 6),
  keys: absorb(GOLDEN, 7),
  regions: absorb(GOLDEN, 8),
};

/**
 * Small choices out of pure-rand's xoroshiro128+: one number of it serves three of them, and many
 * are made ahead, as most of the time of writing a trace would otherwise go into drawing. Among n
 * outcomes none is more than n / 1024 likelier than it should be, so n stays far below that.
 */
export class Random {
  private generator = xoroshiro128plus(0);
  private readonly draws = Array.from({ length: AHEAD }, () => 0);
  private left = 0;

  /** Draws from now on as a new one would that is for this run; both are safe integers >= 0. */
  restart(seed: number, run: number, purpose: Purpose): this {
    this.generator = xoroshiro128plus(seedOfRun(seed, run, SALTS[purpose]));
    this.left = 0;
    return this;
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** A whole number from 0 up to but not including `count`. */
  below(count: number): number {
    if (this.left === 0) this.drawAhead();
    return ((this.draws[--this.left] as number) * count) >> DRAW_BITS;
  }

  /** True in `n` of `of` draws. */
  chance(n: number, of: number): boolean {
    return this.below(of) < n;
  }

  /** A number below `count` that leaves all other draws as they are: what a few runs alone are about, each `about` apart. */
  aside(count: number, about = 0): number {
    return (mix(this.generator.clone().next() ^ GOLDEN ^ about) >>> 0) % count;
  }

  /** One of a non-empty list. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** An index of a list of any length; below() is for short ones. */
  index(length: number): number {
    const parts = 1 << DRAW_BITS;
    const draw = this.below(parts) * parts + this.below(parts);
    return Math.floor((draw * length) / (parts * parts));
  }

  private drawAhead(): void {
    const { generator, draws } = this;
    this.left = AHEAD;
    for (let at = AHEAD; at > 0; at -= DRAWS) {
      const bits = generator.next();
      draws[at - 1] = bits >>> (2 * DRAW_BITS + 2);
      draws[at - 2] = (bits >>> (DRAW_BITS + 2)) & DRAW_MASK;
      draws[at - 3] = (bits >>> 2) & DRAW_MASK;
    }
  }
}

/** The random numbers of one run for one purpose. */
export function randomOfRun(seed: number, run: number, purpose: Purpose): Random {
  return new Random().restart(seed, run, purpose);
}

/** One 32-bit seed; runs of one campaign up to 2^32 have each their own. */
function seedOfRun(seed: number, run: number, salt: number): number {
  const state = absorb(absorb(salt, seed), Math.floor(seed / WORD));
  return mix(absorb(absorb(state, run), Math.floor(run / WORD)));
}
