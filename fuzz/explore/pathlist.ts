import type { Paths } from "./expander.ts";
import { OutOfMemory } from "./stateset.ts";

/** The states of one level by the letters that lead to them; grows within the memory it is given. */
export class PathList {
  readonly length: number;
  private letters = new Uint16Array(1 << 12);
  private used = 0;
  private readonly limit: number;

  /** `length`: letters of each path; `bytes`: the most memory to use, growing included. */
  constructor(length: number, bytes: number) {
    this.length = length;
    this.limit = bytes;
  }

  /** Takes paths over that another list had. */
  take(letters: Uint16Array<ArrayBuffer>): void {
    while (letters.length > this.letters.length) this.grow();
    this.letters.set(letters);
    this.used = letters.length;
  }

  /** Adds the path that continues the `parent`th of `from` with `letter`. */
  push(from: Paths, parent: number, letter: number): void {
    while (this.used + this.length > this.letters.length) this.grow();
    const start = parent * from.length;
    this.letters.set(from.letters.subarray(start, start + from.length), this.used);
    this.used += this.length;
    this.letters[this.used - 1] = letter;
  }

  /** All paths, without copying. */
  get all(): Paths {
    return { length: this.length, letters: this.letters.subarray(0, this.used) };
  }

  private grow(): void {
    // Old and new list stand side by side while the letters move over.
    if (this.letters.byteLength * 3 > this.limit) throw new OutOfMemory();
    const more = new Uint16Array(this.letters.length * 2);
    more.set(this.letters);
    this.letters = more;
  }
}
