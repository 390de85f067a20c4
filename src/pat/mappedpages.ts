import type { MemtypeIntervals } from "./interval.ts";

/** Pfns [start, end). */
export interface PageRange {
  readonly start: number;
  readonly end: number;
}

/**
 * How many page table entries map each pfn of the region, so that an untrack can be looked at when
 * it happens: which pages it left without reservation though they were still mapped.
 */
export class MappedPages {
  /** What the untracks of the op at hand have left so, in their order. */
  readonly bared: PageRange[] = [];
  private counts = new Uint16Array(64);

  /** Entries that map [from, to) have come. */
  add(from: number, to: number): void {
    if (to > this.counts.length) this.grow(to);
    const { counts } = this;
    for (let pfn = from; pfn < to; pfn++) counts[pfn] = (counts[pfn] as number) + 1;
  }

  /** Entries that mapped [from, to) have gone. */
  drop(from: number, to: number): void {
    const { counts } = this;
    for (let pfn = from; pfn < to; pfn++) counts[pfn] = (counts[pfn] as number) - 1;
  }

  /** [start, end) was untracked: notes what of it is mapped, and reserved by nobody any more. */
  untracked(start: number, end: number, list: MemtypeIntervals): void {
    const { counts, bared } = this;
    for (let pfn = start; pfn < end; pfn++) {
      if ((counts[pfn] ?? 0) === 0 || list.firstOverlap(pfn, pfn + 1, null) !== null) continue;
      const last = bared.pop();
      const goesOn = last?.end === pfn;
      if (last !== undefined && !goesOn) bared.push(last);
      bared.push({ start: goesOn ? last.start : pfn, end: pfn + 1 });
    }
  }

  /** A new op begins. */
  beginOp(): void {
    while (this.bared.length > 0) this.bared.pop();
  }

  /** Nothing is mapped, as after a reboot. */
  clear(): void {
    this.counts.fill(0);
  }

  /** Keeps all counts; returns what puts them back. */
  keep(): () => void {
    const counts = this.counts.slice();
    return () => {
      if (this.counts.length === counts.length) this.counts.set(counts);
      else this.counts = counts.slice();
    };
  }

  private grow(pfns: number): void {
    const larger = new Uint16Array(Math.max(pfns, this.counts.length * 2));
    larger.set(this.counts);
    this.counts = larger;
  }
}
