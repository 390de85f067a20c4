import type { PageCacheMode } from "./cachemode.ts";

/** One reservation: a half-open range of pfns and its cache mode. It has no owner and no count. */
export interface MemtypeEntry {
  start: number;
  end: number;
  mode: PageCacheMode;
}

const NOTHING = -1;
const NO_ENTRIES: readonly MemtypeEntry[] = [];

/**
 * Reservations in the kernel's order: by start, and among equal starts by insertion. Each start
 * has a bucket; a binary tree over the starts holds the largest end below each node, so a query
 * costs the logarithm of the region plus what it finds, however many reservations stand.
 */
export class MemtypeIntervals {
  private readonly buckets: (MemtypeEntry[] | undefined)[] = [];
  /** Node i has children 2i and 2i + 1; the leaf of start s is node leaves + s. */
  private readonly maxEnd: Int32Array;
  private readonly leaves: number;
  private count = 0;

  constructor(pfns: number) {
    this.leaves = 1;
    while (this.leaves < pfns) this.leaves *= 2;
    this.maxEnd = new Int32Array(this.leaves * 2).fill(NOTHING);
  }

  get size(): number {
    return this.count;
  }

  /** Every reservation in order. */
  all(): MemtypeEntry[] {
    const entries: MemtypeEntry[] = [];
    for (let at = this.nextStart(0, 0); at >= 0; at = this.nextStart(at + 1, 0)) {
      entries.push(...this.bucket(at));
    }
    return entries;
  }

  clear(): void {
    for (let at = this.nextStart(0, 0); at >= 0; at = this.nextStart(at + 1, 0)) {
      const bucket = this.buckets[at] as MemtypeEntry[];
      while (bucket.length > 0) bucket.pop();
      this.lower(at, bucket);
    }
    this.count = 0;
  }

  insert(entry: MemtypeEntry): void {
    const bucket = this.buckets[entry.start];
    if (bucket === undefined) this.buckets[entry.start] = [entry];
    else bucket.push(entry);
    this.count++;
    const { maxEnd } = this;
    let node = this.leaves + entry.start;
    while (node > 0 && (maxEnd[node] as number) < entry.end) {
      maxEnd[node] = entry.end;
      node >>>= 1;
    }
  }

  remove(entry: MemtypeEntry): void {
    const bucket = this.buckets[entry.start] as MemtypeEntry[];
    let at = bucket.indexOf(entry);
    for (; at + 1 < bucket.length; at++) bucket[at] = bucket[at + 1] as MemtypeEntry;
    bucket.pop();
    this.count--;
    this.lower(entry.start, bucket);
  }

  /** The lowest start from `from` on that has a reservation ending after `after`, or -1. */
  nextStart(from: number, after: number): number {
    const { maxEnd, leaves } = this;
    if (from >= leaves) return NOTHING;
    let node = leaves + from;
    while ((maxEnd[node] as number) <= after) {
      while ((node & 1) === 1) node >>>= 1;
      if (node === 0) return NOTHING;
      node++;
    }
    while (node < leaves) {
      node *= 2;
      if ((maxEnd[node] as number) <= after) node++;
    }
    return node - leaves;
  }

  /** The reservations that start at `start`, in insertion order. */
  bucket(start: number): readonly MemtypeEntry[] {
    return this.buckets[start] ?? NO_ENTRIES;
  }

  private lower(start: number, bucket: readonly MemtypeEntry[]): void {
    const { maxEnd } = this;
    let end = NOTHING;
    for (const entry of bucket) if (entry.end > end) end = entry.end;
    let node = this.leaves + start;
    while (node > 0 && maxEnd[node] !== end) {
      maxEnd[node] = end;
      const sibling = maxEnd[node ^ 1] as number;
      if (sibling > end) end = sibling;
      node >>>= 1;
    }
  }
}
