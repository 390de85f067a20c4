/**
 * Sets of pages as bits: a word holds 32 pages, and a set has as many words as its world needs.
 * What is done to a range is done a word at a time, so that it costs the same for one page as for
 * thirty.
 */

/** Words of 32 pages each. */
export type Words = Int32Array<ArrayBuffer>;

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

/** Words of zeros: the ones given where there are enough, else new ones. */
export function cleared(words: Words, count: number): Words {
  if (words.length < count) return new Int32Array(count);
  for (let word = 0; word < count; word++) words[word] = 0;
  return words;
}

/** A set of pages from 0 on. */
export class PageSet {
  words = new Int32Array(1);
  /** Words in use: those behind them are of a larger set that was here before. */
  private count = 1;

  /** Empties it, and makes room for so many pages. */
  clear(pages: number): void {
    this.count = wordsFor(pages);
    this.words = cleared(this.words, this.count);
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

  has(page: number): boolean {
    return (((this.words[page >> 5] as number) >>> (page & 31)) & 1) === 1;
  }

  /** Whether it has a page of [from, to). */
  meets(from: number, to: number): boolean {
    const { words } = this;
    for (let word = from >> 5; word <= (to - 1) >> 5; word++) {
      if (((words[word] as number) & bitsOf(word, from, to)) !== 0) return true;
    }
    return false;
  }

  get isEmpty(): boolean {
    const { words, count } = this;
    for (let word = 0; word < count; word++) if (words[word] !== 0) return false;
    return true;
  }

  /** Whether two sets of one size are equal. */
  equals(other: PageSet): boolean {
    const { words, count } = this;
    for (let word = 0; word < count; word++) if (words[word] !== other.words[word]) return false;
    return true;
  }

  /** Becomes a copy of another set. */
  copy(other: PageSet): void {
    if (this.words.length < other.count) this.words = new Int32Array(other.count);
    this.count = other.count;
    for (let word = 0; word < other.count; word++) this.words[word] = other.words[word] as number;
  }
}

/**
 * A count for every page. Most pages count 0 or 1, which is one bit; what is more than 1 is held in
 * planes, bit k of every page's rest in plane k, where a carry seldom goes beyond the first.
 */
export class PageCounter {
  /** Pages that count 1 or more. */
  some = new Int32Array(1);
  private several = new Int32Array(1);
  private readonly planes: Words[] = [];
  private count = 1;
  /** No page counts more than 1; the planes are empty. */
  private isPlain = true;

  /** Sets every page to 0, and makes room for so many. */
  clear(pages: number): void {
    this.count = wordsFor(pages);
    this.some = cleared(this.some, this.count);
    if (this.isPlain) return;
    this.isPlain = true;
    this.several.fill(0);
    for (const plane of this.planes) plane.fill(0);
  }

  get isEmpty(): boolean {
    const { some, count } = this;
    for (let word = 0; word < count; word++) if (some[word] !== 0) return false;
    return true;
  }

  /** How many pages count 1 or more. */
  get pages(): number {
    const { some, count } = this;
    let pages = 0;
    for (let word = 0; word < count; word++) pages += countBits(some[word] as number);
    return pages;
  }

  /** The lowest page that counts 1 or more, or -1. */
  get lowest(): number {
    const { some, count } = this;
    for (let word = 0; word < count; word++) {
      if (some[word] !== 0) return word * 32 + lowestBit(some[word] as number);
    }
    return -1;
  }

  /** The highest page that counts 1 or more, or -1. */
  get highest(): number {
    const { some } = this;
    for (let word = this.count - 1; word >= 0; word--) {
      if (some[word] !== 0) return word * 32 + highestBit(some[word] as number);
    }
    return -1;
  }

  has(page: number): boolean {
    return (((this.some[page >> 5] as number) >>> (page & 31)) & 1) === 1;
  }

  /** Counts pages of a word up; returns those that had 0. */
  up(word: number, pages: number): number {
    const some = this.some[word] as number;
    const again = pages & some;
    if (again !== 0) this.more(word, again);
    this.some[word] = some | pages;
    return pages & ~some;
  }

  /** Counts pages of a word down, none of which has 0; returns those that have 0 now. */
  down(word: number, pages: number): number {
    const again = this.isPlain ? 0 : pages & (this.several[word] as number);
    if (again !== 0) this.less(word, again);
    const last = pages & ~again;
    this.some[word] = (this.some[word] as number) & ~last;
    return last;
  }

  private more(word: number, pages: number): void {
    if (this.several.length < this.count) this.several = new Int32Array(this.some.length);
    this.isPlain = false;
    this.several[word] = (this.several[word] as number) | pages;
    let carry = pages;
    for (let k = 0; carry !== 0; k++) {
      const plane = this.plane(k);
      const bits = plane[word] as number;
      plane[word] = bits ^ carry;
      carry &= bits;
    }
  }

  private less(word: number, pages: number): void {
    let borrow = pages;
    for (let k = 0; borrow !== 0; k++) {
      const plane = this.planes[k] as Words;
      const bits = plane[word] as number;
      plane[word] = bits ^ borrow;
      borrow &= ~bits;
    }
    let one = pages;
    for (const plane of this.planes) one &= ~(plane[word] as number);
    this.several[word] = (this.several[word] as number) & ~one;
  }

  private plane(k: number): Words {
    const known = this.planes[k];
    if (known !== undefined && known.length >= this.count) return known;
    const plane = new Int32Array(this.some.length);
    if (known !== undefined) plane.set(known);
    this.planes[k] = plane;
    return plane;
  }
}
