import type { PageCacheMode } from "./cachemode.ts";
import { broken } from "./invariant.ts";

/** One reservation: a half-open range of pfns and its cache mode. It has no owner and no count. */
export interface MemtypeEntry {
  readonly start: number;
  readonly end: number;
  readonly mode: PageCacheMode;
}

/** A reservation as its list keeps it; the record serves again once it is removed. */
class Entry implements MemtypeEntry {
  constructor(
    public start: number,
    public end: number,
    public mode: PageCacheMode,
  ) {}
}

/**
 * Neighbours in the list, and how far the furthest of them reaches; never empty but in a list that
 * is. Records behind the last of them are waiting to serve again.
 */
class Chunk {
  count = 0;
  reach = NOTHING;
  readonly entries: Entry[] = [];

  /** Puts a record behind all that start where it does. */
  insert(start: number, end: number, mode: PageCacheMode): void {
    const { entries } = this;
    let at = this.count++;
    if (at === entries.length) entries.push(new Entry(start, end, mode));
    const entry = entries[at] as Entry;
    entry.start = start;
    entry.end = end;
    entry.mode = mode;
    for (; at > 0 && (entries[at - 1] as Entry).start > start; at--) {
      entries[at] = entries[at - 1] as Entry;
    }
    entries[at] = entry;
    if (end > this.reach) this.reach = end;
  }

  /** Takes a record out; false if it is not here. */
  remove(gone: MemtypeEntry): boolean {
    const { entries } = this;
    let at = 0;
    while (at < this.count && entries[at] !== gone) at++;
    if (at === this.count) return false;
    const entry = entries[at] as Entry;
    const last = --this.count;
    for (; at < last; at++) entries[at] = entries[at + 1] as Entry;
    entries[last] = entry;
    if (entry.end === this.reach) this.measure();
    return true;
  }

  clear(): void {
    this.count = 0;
    this.reach = NOTHING;
  }

  /** The upper half of its reservations, which leave this chunk. */
  cut(): Chunk {
    const upper = new Chunk();
    const half = this.count >> 1;
    for (const { start, end, mode } of this.entries.slice(half, this.count)) {
      upper.insert(start, end, mode);
    }
    this.count = half;
    this.measure();
    return upper;
  }

  private measure(): void {
    let reach = NOTHING;
    for (let at = 0; at < this.count; at++) {
      const { end } = this.entries[at] as Entry;
      if (end > reach) reach = end;
    }
    this.reach = reach;
  }
}

const NOTHING = -1;
/** A longer chunk is cut in two: so many records are moved up quickly enough. */
const LONGEST = 64;

/**
 * Reservations in the kernel's order: by start, and among equal starts by insertion. They lie in
 * chunks of neighbours; a query passes over the chunks that do not reach it, so it costs little
 * where few reservations stand, and no more than a look at each chunk where thousands do.
 */
export class MemtypeIntervals {
  private readonly chunks: Chunk[] = [new Chunk()];

  /** Every reservation in order, by value. */
  values(): MemtypeEntry[] {
    const all: MemtypeEntry[] = [];
    for (const { entries, count } of this.chunks) {
      for (let at = 0; at < count; at++) {
        const { start, end, mode } = entries[at] as Entry;
        all.push({ start, end, mode });
      }
    }
    return all;
  }

  clear(): void {
    const { chunks } = this;
    while (chunks.length > 1) chunks.pop();
    (chunks[0] as Chunk).clear();
  }

  /** The first reservation with a pfn of [start, end), of any mode but `except`, or null. */
  firstOverlap(start: number, end: number, except: PageCacheMode | null): MemtypeEntry | null {
    const { chunks } = this;
    for (let index = 0; index < chunks.length; index++) {
      const { entries, count, reach } = chunks[index] as Chunk;
      if (reach <= start) continue;
      for (let at = 0; at < count; at++) {
        const entry = entries[at] as Entry;
        if (entry.start >= end) return null;
        if (entry.end > start && entry.mode !== except) return entry;
      }
    }
    return null;
  }

  /** The first reservation that ends at `end` and starts at `from` or later, before `to`, or null. */
  firstEndingAt(end: number, from: number, to: number): MemtypeEntry | null {
    const { chunks } = this;
    for (let index = 0; index < chunks.length; index++) {
      const { entries, count, reach } = chunks[index] as Chunk;
      if (reach < end) continue;
      for (let at = 0; at < count; at++) {
        const entry = entries[at] as Entry;
        if (entry.start >= to) return null;
        if (entry.end === end && entry.start >= from) return entry;
      }
    }
    return null;
  }

  /** The reservations with a pfn of [start, end) in order, in a list of their own. */
  overlapping(start: number, end: number): MemtypeEntry[] {
    const found: MemtypeEntry[] = [];
    for (const { entries, count, reach } of this.chunks) {
      if (reach <= start) continue;
      for (let at = 0; at < count; at++) {
        const entry = entries[at] as Entry;
        if (entry.start >= end) return found;
        if (entry.end > start) found.push(entry);
      }
    }
    return found;
  }

  /** Puts a reservation behind all that start where it does. */
  insert(start: number, end: number, mode: PageCacheMode): void {
    if (!(start < end)) broken(`the reservation [${start},${end}) is empty`);
    const index = this.chunkAt(start);
    const chunk = this.chunks[index] as Chunk;
    chunk.insert(start, end, mode);
    if (chunk.count > LONGEST) this.chunks.splice(index + 1, 0, chunk.cut());
  }

  /** Takes out a reservation of this list; its record must not be read afterwards. */
  remove(gone: MemtypeEntry): void {
    const { chunks } = this;
    const { start, end } = gone;
    // Equal starts may have spread over several chunks, of which this is the last.
    let index = this.chunkAt(start);
    while (index >= 0 && !(chunks[index] as Chunk).remove(gone)) index--;
    if (index < 0) broken(`no reservation [${start},${end}) is in the list`);
    if ((chunks[index] as Chunk).count === 0 && chunks.length > 1) chunks.splice(index, 1);
  }

  /** What is wrong with the order of the list, in a few words, or null. */
  fault(): string | null {
    let last = NOTHING;
    for (const { entries, count, reach } of this.chunks) {
      if (count === 0 && this.chunks.length > 1) return "a chunk of the list is empty";
      for (const { start, end } of entries.slice(0, count)) {
        if (start >= end) return `reservation [${start},${end}) is empty`;
        if (start < last) return `reservation at ${start} stands after one at ${last}`;
        if (end > reach) return `reservation [${start},${end}) ends past ${reach}`;
        last = start;
      }
    }
    return null;
  }

  /** The last chunk that begins at `start` or before it, or the first. */
  private chunkAt(start: number): number {
    const { chunks } = this;
    let low = 0;
    for (let high = chunks.length - 1; low < high; ) {
      const middle = (low + high + 1) >> 1;
      const [first] = (chunks[middle] as Chunk).entries as [Entry];
      if (first.start <= start) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
