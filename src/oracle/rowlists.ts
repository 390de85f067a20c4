import { grown } from "./observed.ts";

/**
 * Lists of table rows by a key, linked through the rows themselves: what belongs to a key is found
 * without a look at all rows, and a change costs the same however many there are. A row is in one
 * list at most. No order.
 */
export class RowLists {
  /** Rows and keys are stored one higher, so that fresh memory means "none". */
  private head = new Int32Array(64);
  private after = new Int32Array(64);
  private before = new Int32Array(64);

  /** Keys from here on were never used. */
  private keys = 0;

  /** Empties all lists. */
  reset(): void {
    this.head.fill(0, 0, this.keys);
    this.keys = 0;
  }

  /** The first row of a key, or -1. */
  first(key: number): number {
    return key < this.keys ? (this.head[key] as number) - 1 : -1;
  }

  /** The row after this one in its list, or -1. */
  next(row: number): number {
    return (this.after[row] as number) - 1;
  }

  add(key: number, row: number): void {
    while (key >= this.head.length) this.head = grown(this.head);
    if (key >= this.keys) this.keys = key + 1;
    while (row >= this.after.length) {
      this.after = grown(this.after);
      this.before = grown(this.before);
    }
    const second = this.head[key] as number;
    this.after[row] = second;
    this.before[row] = 0;
    if (second !== 0) this.before[second - 1] = row + 1;
    this.head[key] = row + 1;
  }

  remove(key: number, row: number): void {
    const left = this.before[row] as number;
    const right = this.after[row] as number;
    if (left === 0) this.head[key] = right;
    else this.after[left - 1] = right;
    if (right !== 0) this.before[right - 1] = left;
  }
}
