import type { Random } from "fast-check";

const DRAW_BITS = 10;
const DRAW_MASK = (1 << DRAW_BITS) - 1;
/** Draws out of one number. */
const DRAWS = 3;
const MOST_BITS = (1 << (DRAWS * DRAW_BITS)) - 1;
/** Draws made ahead, of 16 numbers. */
const AHEAD = 16 * DRAWS;

/**
 * Small choices out of fast-check's generator: one number of it serves three of them, and many are
 * made ahead, as most of the time of writing a trace would otherwise go into drawing. Among n
 * outcomes none is more than n / 1024 likelier than it should be, so n stays far below that.
 */
export class Dice {
  private random: Random;
  private readonly draws = Array.from({ length: AHEAD }, () => 0);
  private left = 0;

  constructor(random: Random) {
    this.random = random;
  }

  /** Goes on as new dice would; these keep their room for draws. */
  restart(random: Random): void {
    this.random = random;
    this.left = 0;
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
    const { random, draws } = this;
    this.left = AHEAD;
    for (let at = AHEAD; at > 0; at -= DRAWS) {
      const bits = random.nextInt(0, MOST_BITS);
      draws[at - 1] = bits & DRAW_MASK;
      draws[at - 2] = (bits >> DRAW_BITS) & DRAW_MASK;
      draws[at - 3] = bits >> (2 * DRAW_BITS);
    }
  }
}
