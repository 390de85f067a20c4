import type { Op } from "../trace/op.ts";
import type { PatEvent } from "../pat/events.ts";
import type { TraceEvent } from "../trace/recording.ts";
import type { World } from "../trace/trace.ts";
import type { Outcome } from "../mm/errno.ts";

/** VM_PAT was seen to be off (designs without the flag never set this). */
export const PAT_LOST = 1;
export const VMA_PRIVATE = 2;
export const VMA_READ = 4;
export const VMA_WRITE = 8;
export const VMA_DONTFORK = 16;
export const VMA_SEALED = 32;

/** Doubles an array's length; for scratch space and tables that grow rarely. */
export function grown(array: Int32Array): Int32Array<ArrayBuffer>;
export function grown(array: Uint8Array): Uint8Array<ArrayBuffer>;
export function grown(array: Uint16Array): Uint16Array<ArrayBuffer>;
export function grown(
  array: Int32Array | Uint8Array | Uint16Array,
): Int32Array | Uint8Array | Uint16Array {
  const Kind = array.constructor as new (length: number) => typeof array;
  const bigger = new Kind(array.length * 2);
  bigger.set(array as never);
  return bigger;
}

/** What is shorter is emptied faster by a loop than by the engine's own fill(). */
const SHORT = 128;

/** Empties [from, to) of a table. */
export function wipe(array: Int32Array | Uint8Array, from: number, to: number): void {
  if (to - from > SHORT) array.fill(0, from, to);
  else for (let at = from; at < to; at++) array[at] = 0;
}

/** The VMAs of one process, by rising address; filled by a view, reused from step to step. */
export class VmaTable {
  count = 0;
  start = new Int32Array(32);
  end = new Int32Array(32);
  /** What the first page maps. */
  pfn = new Int32Array(32);
  bits = new Uint8Array(32);

  clear(): void {
    this.count = 0;
  }

  push(start: number, end: number, pfn: number, bits: number): void {
    if (this.count === this.start.length) {
      this.start = grown(this.start);
      this.end = grown(this.end);
      this.pfn = grown(this.pfn);
      this.bits = grown(this.bits);
    }
    const at = this.count++;
    this.start[at] = start;
    this.end[at] = end;
    this.pfn[at] = pfn;
    this.bits[at] = bits;
  }

  /** Where the last VMA ends; 0 if there is none. */
  get lastEnd(): number {
    return this.count === 0 ? 0 : (this.end[this.count - 1] as number);
  }

  /** Index of the first VMA that ends after `page`: the one that holds it, or the next one. */
  firstAfter(page: number): number {
    let low = 0;
    // Halves are chosen by arithmetic on the sign: a processor cannot guess which it will be.
    for (let left = this.count; left > 0; ) {
      const half = (left + 1) >> 1;
      low += half & (((this.end[low + half - 1] as number) - page - 1) >> 31);
      left -= half;
    }
    return low;
  }

  /** Whether a VMA begins exactly at `page`. */
  startsAt(page: number): boolean {
    const at = this.firstAfter(page);
    return at < this.count && this.start[at] === page;
  }

  /** The pfn that `page` maps, or -1 where no VMA is. */
  pfnAt(page: number): number {
    const at = this.firstAfter(page);
    if (at >= this.count || (this.start[at] as number) > page) return -1;
    return (this.pfn[at] as number) + page - (this.start[at] as number);
  }
}

/** Where the oracle reads VMAs from: a recording's step, or a model's memory. */
export interface VmaView {
  /** Fills `into` with the VMAs of `proc`; leaves it empty for a process that is not alive. */
  read(proc: number, into: VmaTable): void;
  /**
   * Adds the VMAs of `proc` that have a page in [from, to) to those in `into`, which all lie lower
   * or are among them. An op concerns few of the VMAs that a process may have.
   */
  readRange(proc: number, from: number, to: number, into: VmaTable): void;
}

/**
 * How the memtype list changed in one step: entries that came and entries that went, by value.
 * A shrunk entry is one that went and one that came. The order does not matter, and a value
 * that both came and went cancels out, so a model may append as it goes.
 */
export class MemtypeDelta {
  count = 0;
  start = new Int32Array(32);
  end = new Int32Array(32);
  /** Index into CACHE_MODES. */
  type = new Uint8Array(32);
  /** 1 came, 0 went, USED cancelled or claimed. */
  came = new Uint8Array(32);
  /** For one that came: the one that went and became this, or -1. Filled by the oracle. */
  home = new Int32Array(32);

  clear(): void {
    this.count = 0;
  }

  add(start: number, end: number, type: number): void {
    this.push(start, end, type, 1);
  }

  remove(start: number, end: number, type: number): void {
    this.push(start, end, type, 0);
  }

  private push(start: number, end: number, type: number, came: number): void {
    if (this.count === this.start.length) {
      this.start = grown(this.start);
      this.end = grown(this.end);
      this.type = grown(this.type);
      this.came = grown(this.came);
      this.home = grown(this.home);
    }
    const at = this.count++;
    this.start[at] = start;
    this.end[at] = end;
    this.type[at] = type;
    this.came[at] = came;
    this.home[at] = -1;
  }

  /** Drops the values that both came and went, and sorts the rest by start and end. */
  normalise(): void {
    if (this.count < 2) return;
    this.cancel();
    for (let at = 1; at < this.count; at++) {
      for (let low = at; low > 0 && this.before(low, low - 1); low--) this.swap(low, low - 1);
    }
  }

  private cancel(): void {
    let at = 0;
    while (at < this.count) {
      let other = at + 1;
      while (other < this.count && !this.opposite(at, other)) other++;
      if (other === this.count) {
        at++;
      } else {
        this.swap(other, this.count - 1);
        this.swap(at, this.count - 2);
        this.count -= 2;
      }
    }
  }

  private opposite(a: number, b: number): boolean {
    return (
      this.came[a] !== this.came[b] &&
      this.start[a] === this.start[b] &&
      this.end[a] === this.end[b] &&
      this.type[a] === this.type[b]
    );
  }

  private before(a: number, b: number): boolean {
    const byStart = (this.start[a] as number) - (this.start[b] as number);
    if (byStart !== 0) return byStart < 0;
    const byEnd = (this.end[a] as number) - (this.end[b] as number);
    return byEnd !== 0 ? byEnd < 0 : (this.came[a] as number) < (this.came[b] as number);
  }

  private swap(a: number, b: number): void {
    if (a === b) return;
    const { start, end, type, came } = this;
    const [s, e, t, c] = [start[a], end[a], type[a], came[a]] as [number, number, number, number];
    start[a] = start[b] as number;
    end[a] = end[b] as number;
    type[a] = type[b] as number;
    came[a] = came[b] as number;
    start[b] = s;
    end[b] = e;
    type[b] = t;
    came[b] = c;
  }
}

/** `came` of a change that has found its owner. */
export const USED = 2;

/** A kernel message, as a recording spells it or as a model holds it. */
export type SeenEvent = TraceEvent | PatEvent;

/** Everything one side showed after one op. */
export interface Observed {
  readonly outcome: Outcome;
  readonly memtype: MemtypeDelta;
  /** Good until the next op. */
  readonly events: readonly SeenEvent[];
  readonly view: VmaView;
  /** Contexts whose count is wrong or that nobody holds; 0 where the backend shows none. */
  readonly badContexts: number;
}

/** A side that runs while it is judged: the oracle looks into it instead of at a recording. */
export interface LiveSide extends Observed, VmaView {
  /** Starts over in `world`: no process, no reservation. */
  reset(world: World): void;
  /** Performs one op; from then on the side shows what came of it. */
  apply(op: Op): this;
}
