/**
 * Sets of pages as bits: a word holds 32 pages, and a set has as many words as its world needs.
 * What is done to a range is done a word at a time, so that it costs the same for one page as for
 * thirty.
 */

/** How many words so many pages need; at least one. */
export function wordsFor(pages: number): number {
  return ((pages - 1) >> 5) + 1;
}

/** The pages of [from, to), which has a page in this word, as bits of the word. */
export function bitsOf(word: number, from: number, to: number): number {
  const low = word === from >> 5 ? -1 << (from & 31) : -1;
  return word === (to - 1) >> 5 ? low & (-1 >>> (31 - ((to - 1) & 31))) : low;
}

/** The lowest page of a word that has one. */
export function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** The highest page of a word, or -1. */
export function highestBit(word: number): number {
  return 31 - Math.clz32(word);
}

/** How many pages a word has. */
export function countBits(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** A set of pages from 0 on. */
export class PageSet {
  private words = new Int32Array(1);
  /** Words in use: those behind them are of a larger set that was here before. */
  private count = 1;

  /** Empties it, and makes room for so many pages. */
  clear(pages: number): void {
    this.count = wordsFor(pages);
    if (this.words.length < this.count) this.words = new Int32Array(this.count);
    else for (let word = 0; word < this.count; word++) this.words[word] = 0;
  }

  add(from: number, to: number): void {
    const { words } = this;
    for (let word = from >> 5; word <= (to - 1) >> 5; word++) {
      words[word] = (words[word] as number) | bitsOf(word, from, to);
    }
  }

  remove(from: number, to: number): void {
    const { words } = this;
    for (let word = from >> 5; word <= (to - 1) >> 5; word++) {
      words[word] = (words[word] as number) & ~bitsOf(word, from, to);
    }
  }

  /** Keeps the set; returns what puts it back. */
  keep(): () => void {
    const words = this.words.slice(0, this.count);
    return () => {
      this.count = words.length;
      for (let at = 0; at < words.length; at++) this.words[at] = words[at] as number;
    };
  }

  has(page: number): boolean {
    return (((this.words[page >> 5] as number) >>> (page & 31)) & 1) === 1;
  }
}

const NO_PLANES: readonly number[] = [];

/**
 * Counts of 32 pages. Most pages count 0 or 1, which is one bit; what is more than 1 is held in
 * planes, bit k of every page's rest in plane k, where a carry seldom goes beyond the first.
 */
export class PageCounts {
  /** Pages that count 1 or more, and those that count more than 1. */
  some = 0;
  private several = 0;
  private readonly planes: number[] = [];

  /** Sets every page to 0. */
  clear(): void {
    this.some = 0;
    if (this.several === 0) return;
    this.several = 0;
    while (this.planes.length > 0) this.planes.pop();
  }

  /** Keeps the counts; returns what puts them back. */
  keep(): () => void {
    const { some, several } = this;
    const planes = several === 0 ? NO_PLANES : [...this.planes];
    return () => {
      this.some = some;
      this.several = several;
      while (this.planes.length > 0) this.planes.pop();
      for (const plane of planes) this.planes.push(plane);
    };
  }

  /** Counts pages up; returns those that had 0. */
  up(pages: number): number {
    const { some } = this;
    this.some = some | pages;
    if ((pages & some) !== 0) this.more(pages & some);
    return pages & ~some;
  }

  /** Counts pages down, none of which has 0; returns those that have 0 now. */
  down(pages: number): number {
    const again = pages & this.several;
    if (again !== 0) this.less(again);
    const last = pages & ~again;
    this.some &= ~last;
    return last;
  }

  private more(pages: number): void {
    const { planes } = this;
    this.several |= pages;
    let carry = pages;
    for (let k = 0; carry !== 0; k++) {
      const bits = planes[k] ?? 0;
      planes[k] = bits ^ carry;
      carry &= bits;
    }
  }

  private less(pages: number): void {
    const { planes } = this;
    let borrow = pages;
    for (let k = 0; borrow !== 0; k++) {
      const bits = planes[k] as number;
      planes[k] = bits ^ borrow;
      borrow &= ~bits;
    }
    let one = pages;
    for (const plane of planes) one &= ~plane;
    this.several &= ~one;
  }
}
