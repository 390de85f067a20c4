/**
 * A set of page numbers as bits, 32 to a word; above them a bit for every word that holds any, so
 * that what lies next is found in a few words however far it is.
 */
export class PageSet {
  private words: Int32Array;
  private filled: Int32Array;

  /** `pages`: one more than the greatest member that it has room for at first. */
  constructor(pages: number) {
    this.words = new Int32Array((pages >> 5) + 1);
    this.filled = new Int32Array((pages >> 10) + 1);
  }

  has(page: number): boolean {
    return (((this.words[page >> 5] as number) >>> (page & 31)) & 1) === 1;
  }

  add(page: number): void {
    const word = page >> 5;
    if (word >= this.words.length) this.grow(page);
    this.words[word] = (this.words[word] as number) | (1 << (page & 31));
    this.filled[word >> 5] = (this.filled[word >> 5] as number) | (1 << (word & 31));
  }

  delete(page: number): void {
    const word = page >> 5;
    const left = (this.words[word] as number) & ~(1 << (page & 31));
    this.words[word] = left;
    if (left !== 0) return;
    this.filled[word >> 5] = (this.filled[word >> 5] as number) & ~(1 << (word & 31));
  }

  /** The least member from `from` on, or -1. */
  next(from: number): number {
    const word = from >> 5;
    if (word >= this.words.length) return -1;
    const bits = (this.words[word] as number) & (-1 << (from & 31));
    return bits === 0 ? this.nextAfterWord(word) : (word << 5) + lowest(bits);
  }

  /** The greatest member up to `upTo`, which may be -1, or -1. */
  last(upTo: number): number {
    const word = upTo >> 5;
    if (word >= this.words.length) return this.lastBeforeWord(this.words.length);
    if (word < 0) return -1;
    const bits = (this.words[word] as number) & (-1 >>> (31 - (upTo & 31)));
    return bits === 0 ? this.lastBeforeWord(word) : (word << 5) + highest(bits);
  }

  private nextAfterWord(word: number): number {
    const from = word + 1;
    if (from >= this.words.length) return -1;
    let at = from >> 5;
    let bits = (this.filled[at] as number) & (-1 << (from & 31));
    while (bits === 0) {
      at++;
      if (at >= this.filled.length) return -1;
      bits = this.filled[at] as number;
    }
    const found = (at << 5) + lowest(bits);
    return (found << 5) + lowest(this.words[found] as number);
  }

  private lastBeforeWord(word: number): number {
    if (word === 0) return -1;
    let at = (word - 1) >> 5;
    let bits = (this.filled[at] as number) & (-1 >>> (31 - ((word - 1) & 31)));
    while (bits === 0) {
      if (at === 0) return -1;
      at--;
      bits = this.filled[at] as number;
    }
    const found = (at << 5) + highest(bits);
    return (found << 5) + highest(this.words[found] as number);
  }

  private grow(page: number): void {
    const { words, filled } = this;
    this.words = new Int32Array(Math.max(words.length * 2, (page >> 5) + 1));
    this.words.set(words);
    this.filled = new Int32Array(((this.words.length - 1) >> 5) + 1);
    this.filled.set(filled);
  }
}

/** The place of the lowest bit of a word that has one. */
function lowest(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

/** The place of the highest bit of a word that has one. */
function highest(bits: number): number {
  return 31 - Math.clz32(bits);
}
