import type { Random } from "fast-check";

const DRAW_BITS = 10;
const DRAW_MASK = (1 << DRAW_BITS) - 1;
const DRAWS = 3;

/**
 * Small choices out of fast-check's generator: one number of it serves three of them, as most of
 * the time of writing a trace would otherwise go into drawing. Among n outcomes none is more than
 * n / 1024 likelier than it should be, so n stays far below that.
 */
export class Dice {
  private readonly random: Random;
  private bits = 0;
  private left = 0;

  constructor(random: Random) {
    this.random = random;
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** A whole number from 0 up to but not including `count`. */
  below(count: number): number {
    if (this.left === 0) {
      this.bits = this.random.nextInt(0, (1 << (DRAWS * DRAW_BITS)) - 1);
      this.left = DRAWS;
    }
    const draw = this.bits & DRAW_MASK;
    this.bits >>= DRAW_BITS;
    this.left--;
    return (draw * count) >> DRAW_BITS;
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
}
