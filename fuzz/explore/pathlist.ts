import type { Paths } from "./expander.ts";
import { bytesOf, type Spill } from "./spill.ts";

const LETTER_BYTES = 2;
/** Letters that there is room for at least. */
const LEAST = 1 << 12;

/** What another list had; `spilled`: letters in its file. */
export interface KeptPaths {
  readonly spilled: number;
  readonly letters: Uint16Array<ArrayBuffer>;
}

/** The states of one level by the letters that lead to them: the first ones in a file, if memory ends, the others here. */
export class PathList {
  readonly length: number;
  private letters = new Uint16Array(LEAST);
  private used = 0;
  /** Letters of paths that are there to stay. */
  private settled = 0;
  private spilled = 0;
  private readonly most: number;

  /** `length`: letters of each path; `bytes`: the most memory to use, growing included. */
  constructor(
    length: number,
    bytes: number,
    private readonly spill: Spill,
  ) {
    this.length = length;
    // Old and new list stand side by side while the letters move over.
    this.most = Math.max(LEAST, Math.floor(bytes / LETTER_BYTES / 1.5));
  }

  take({ spilled, letters }: KeptPaths): void {
    this.spilled = spilled;
    this.letters = letters;
    this.used = letters.length;
    this.settled = this.used;
  }

  /** What take() wants; the letters are not copied. */
  get kept(): KeptPaths {
    return { spilled: this.spilled, letters: this.letters.subarray(0, this.used) };
  }

  get hasRoom(): boolean {
    return this.used + this.length <= this.most;
  }

  get count(): number {
    return this.length === 0 ? 1 : (this.spilled + this.used) / this.length;
  }

  /** Adds the path that continues the `parent`th of `from` with `letter`. */
  push(from: Paths, parent: number, letter: number): void {
    while (this.used + this.length > this.letters.length) this.grow();
    const start = parent * from.length;
    this.letters.set(from.letters.subarray(start, start + from.length), this.used);
    this.used += this.length;
    this.letters[this.used - 1] = letter;
  }

  /** Drops of the paths since the last time those that are not to stay; null where all are. `mustEmpty`: and makes room. */
  settle(stays: readonly boolean[] | null, mustEmpty: boolean): void {
    if (stays !== null) {
      const first = this.settled;
      this.used = first;
      for (const [n, isKept] of stays.entries()) {
        if (!isKept) continue;
        const start = first + n * this.length;
        this.letters.copyWithin(this.used, start, start + this.length);
        this.used += this.length;
      }
    }
    this.settled = this.used;
    if (!mustEmpty) return;
    const all = bytesOf(this.letters.subarray(0, this.used));
    this.spill.write(this.name, this.spilled * LETTER_BYTES, all);
    this.spilled += this.used;
    this.used = 0;
    this.settled = 0;
  }

  /** `count` paths from the `first` on, or as many as there are. */
  slice(first: number, count: number): Paths {
    const { length, spilled } = this;
    const [from, to] = [first * length, Math.min((first + count) * length, spilled + this.used)];
    if (from >= spilled) {
      return { length, letters: this.letters.subarray(from - spilled, to - spilled) };
    }
    const letters = new Uint16Array(to - from);
    const inFile = Math.min(to, spilled) - from;
    this.spill.read(this.name, from * LETTER_BYTES, bytesOf(letters.subarray(0, inFile)));
    letters.set(this.letters.subarray(0, to - from - inFile), inFile);
    return { length, letters };
  }

  private get name(): string {
    return `paths-${this.length}`;
  }

  private grow(): void {
    const more = new Uint16Array(Math.max(LEAST, Math.min(this.letters.length * 2, this.most)));
    more.set(this.letters);
    this.letters = more;
  }
}
