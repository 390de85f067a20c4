import { type CauseId, NO_CAUSE, type Removal } from "./causes.ts";
import { grown } from "./observed.ts";

/**
 * A unit is what one reservation stands for: the pages of one mmap(), through split, move and
 * a fork that shares, or those of one child VMA where fork reserves anew. Units are rows of
 * typed arrays; row 0 means "no unit". Each keeps a count per page, how many processes map it.
 */
export class Units {
  private used = 1;
  private free: number[] = [];
  private pageEnd = 0;
  /** Page slices given back, by power of two of their size. */
  private readonly freeSlices: number[][] = Array.from({ length: 16 }, () => []);

  first = new Int32Array(64);
  pages = new Int32Array(64);
  /** Pages (not mappings) that some process still has in a VMA. */
  live = new Int32Array(64);
  /** Entries of the memtype list that belong to it, and their pages together. */
  entries = new Int32Array(64);
  reserved = new Int32Array(64);
  asked = new Uint8Array(64);
  mode = new Uint8Array(64);
  isPrivate = new Uint8Array(64);
  /** Processes share it. */
  shared = new Uint8Array(64);
  /** It is in several VMAs. */
  split = new Uint8Array(64);
  /** The first thing that made its reservation differ from its pages; NO_CAUSE while exact. */
  mark = new Uint8Array(64);
  /** The last mark that went away again, because the reservation came to fit. */
  healed = new Uint8Array(64);
  /** A piece was moved away and took the tracking of the rest with it. */
  moved = new Uint8Array(64);
  /** Causes of over-retention already told, one bit each. */
  told = new Int32Array(64);
  /** The step that last touched it, how pages were removed there, how many and between which. */
  stamp = new Int32Array(64);
  removal = new Uint8Array(64);
  removed = new Int32Array(64);
  removedLow = new Int32Array(64);
  removedHigh = new Int32Array(64);

  private base = new Int32Array(64);
  private refs = new Uint16Array(1024);
  private gone = new Uint8Array(1024);
  private removedAt = new Int32Array(1024);

  /** Units touched in this step. */
  touched = new Int32Array(64);
  touchedCount = 0;

  reset(): void {
    this.used = 1;
    this.free.length = 0;
    this.pageEnd = 0;
    for (const slices of this.freeSlices) slices.length = 0;
    this.touchedCount = 0;
  }

  /** Starts a step: rows whose pages and entries are all gone are free again. */
  begin(): void {
    for (let at = 0; at < this.touchedCount; at++) {
      const unit = this.touched[at] as number;
      if (this.live[unit] === 0 && this.entries[unit] === 0) this.giveBack(unit);
    }
    this.touchedCount = 0;
  }

  create(first: number, pages: number, asked: number, mode: number, isPrivate: number): number {
    const unit = this.free.pop() ?? this.used++;
    if (unit === this.first.length) this.growRows();
    this.first[unit] = first;
    this.pages[unit] = pages;
    this.asked[unit] = asked;
    this.mode[unit] = mode;
    this.isPrivate[unit] = isPrivate;
    this.live[unit] = 0;
    this.entries[unit] = 0;
    this.reserved[unit] = 0;
    this.shared[unit] = 0;
    this.split[unit] = 0;
    this.mark[unit] = NO_CAUSE;
    this.moved[unit] = NO_CAUSE;
    this.healed[unit] = NO_CAUSE;
    this.told[unit] = 0;
    this.stamp[unit] = -1;
    this.base[unit] = this.slice(pages);
    return unit;
  }

  /** Notes that this step's op concerns the unit. */
  touch(unit: number, step: number, removal: Removal): void {
    if (this.stamp[unit] === step) return;
    this.stamp[unit] = step;
    this.removal[unit] = removal;
    this.removed[unit] = 0;
    if (this.touchedCount === this.touched.length) this.touched = grown(this.touched);
    this.touched[this.touchedCount++] = unit;
  }

  /** One more process has the page. */
  hold(unit: number, pfn: number): void {
    const at = this.at(unit, pfn);
    const before = this.refs[at] as number;
    this.refs[at] = before + 1;
    if (before === 0) this.live[unit] = (this.live[unit] as number) + 1;
  }

  /** One process less has the page; the last one to go is what loses it for the unit. */
  drop(unit: number, pfn: number, step: number): void {
    const at = this.at(unit, pfn);
    const left = (this.refs[at] as number) - 1;
    this.refs[at] = left;
    if (left === 0) this.live[unit] = (this.live[unit] as number) - 1;
    this.removedAt[at] = step;
    const removed = this.removed[unit] as number;
    this.removed[unit] = removed + 1;
    if (removed === 0 || pfn < (this.removedLow[unit] as number)) this.removedLow[unit] = pfn;
    if (removed === 0 || pfn > (this.removedHigh[unit] as number)) this.removedHigh[unit] = pfn;
  }

  /** Whether some process has the page in a VMA of this unit. */
  has(unit: number, pfn: number): boolean {
    return this.inside(unit, pfn) && (this.refs[this.at(unit, pfn)] as number) > 0;
  }

  /** Whether the unit lost this page in this step. */
  lostNow(unit: number, pfn: number, step: number): boolean {
    if (this.stamp[unit] !== step || !this.inside(unit, pfn)) return false;
    const at = this.at(unit, pfn);
    return this.removedAt[at] === step && this.refs[at] === 0;
  }

  /** What took the page away from the unit. */
  goneBy(unit: number, pfn: number): CauseId {
    return this.inside(unit, pfn) ? (this.gone[this.at(unit, pfn)] as number) : NO_CAUSE;
  }

  /** Writes what took the pages removed in this step; if not `over`, only where nothing is known. */
  noteGone(unit: number, step: number, cause: CauseId, over: boolean): void {
    const high = this.removedHigh[unit] as number;
    for (let pfn = this.removedLow[unit] as number; pfn <= high; pfn++) {
      const at = this.at(unit, pfn);
      if (this.removedAt[at] !== step) continue;
      if (over || this.gone[at] === NO_CAUSE) this.gone[at] = cause;
    }
  }

  /** The lowest page still held, or the end of the range. */
  lowest(unit: number): number {
    const end = (this.first[unit] as number) + (this.pages[unit] as number);
    let pfn = this.first[unit] as number;
    while (pfn < end && this.refs[this.at(unit, pfn)] === 0) pfn++;
    return pfn;
  }

  /** The highest page still held, or one before the range. */
  highest(unit: number): number {
    const first = this.first[unit] as number;
    let pfn = first + (this.pages[unit] as number) - 1;
    while (pfn >= first && this.refs[this.at(unit, pfn)] === 0) pfn--;
    return pfn;
  }

  private inside(unit: number, pfn: number): boolean {
    const offset = pfn - (this.first[unit] as number);
    return offset >= 0 && offset < (this.pages[unit] as number);
  }

  private at(unit: number, pfn: number): number {
    return (this.base[unit] as number) + pfn - (this.first[unit] as number);
  }

  private giveBack(unit: number): void {
    this.freeSlices[sizeClass(this.pages[unit] as number)]?.push(this.base[unit] as number);
    this.free.push(unit);
  }

  private slice(pages: number): number {
    const size = sizeClass(pages);
    const base = this.freeSlices[size]?.pop() ?? this.newSlice(1 << size);
    this.refs.fill(0, base, base + pages);
    this.gone.fill(NO_CAUSE, base, base + pages);
    this.removedAt.fill(-1, base, base + pages);
    return base;
  }

  private newSlice(length: number): number {
    const base = this.pageEnd;
    this.pageEnd += length;
    while (this.pageEnd > this.refs.length) {
      this.refs = grown(this.refs);
      this.gone = grown(this.gone);
      this.removedAt = grown(this.removedAt);
    }
    return base;
  }

  private growRows(): void {
    this.first = grown(this.first);
    this.pages = grown(this.pages);
    this.live = grown(this.live);
    this.entries = grown(this.entries);
    this.reserved = grown(this.reserved);
    this.asked = grown(this.asked);
    this.mode = grown(this.mode);
    this.isPrivate = grown(this.isPrivate);
    this.split = grown(this.split);
    this.mark = grown(this.mark);
    this.moved = grown(this.moved);
    this.healed = grown(this.healed);
    this.told = grown(this.told);
    this.stamp = grown(this.stamp);
    this.removal = grown(this.removal);
    this.removed = grown(this.removed);
    this.removedLow = grown(this.removedLow);
    this.removedHigh = grown(this.removedHigh);
    this.shared = grown(this.shared);
    this.base = grown(this.base);
  }
}

/** The power of two that holds this many pages. */
function sizeClass(pages: number): number {
  return pages <= 1 ? 0 : 32 - Math.clz32(pages - 1);
}
