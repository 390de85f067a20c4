import { type CauseId, NO_CAUSE, type Removal } from "./causes.ts";
import { bitsOf, countBits, highestBit, PageCounter, PageSet } from "./pagebits.ts";
import type { Reservation } from "./reservation.ts";

/** What holds the pages of a unit. */
export type Holder = "vma" | "driver" | "kernel";

/**
 * A unit is what one reservation stands for: the pages of one mmap(), through split, move and
 * a fork that shares, or those of one child VMA where fork reserves anew. It keeps a count per
 * page, how many areas map it. Units are used again and again, so that a step makes none.
 */
export class Unit {
  first = 0;
  pages = 0;
  /** By page from `first` on: how many areas have it in a VMA. */
  readonly held = new PageCounter();
  /** Pages (not mappings) that some process still has in a VMA. */
  live = 0;
  /** Entries of the memtype list that belong to it, their pages together, and one of them. */
  entries = 0;
  reserved = 0;
  entry: Reservation | null = null;
  /** The cache mode that it got, by index in CACHE_MODES. */
  mode = 0;
  isPrivate = false;
  /**
   * Through which kind of mapping: a VMA that maps all its pages, a driver's, whose page table
   * tells what it maps, or one of the kernel's own.
   */
  holder: Holder = "vma";
  /** Nothing was reserved for it, and nothing should be: a part that took the mode it found. */
  isUntracked = false;
  /** Processes share it. */
  shared = false;
  /** It is in several VMAs. */
  split = false;
  /** What took its pages off their pfns while their VMAs stayed, if it was no write. */
  takenBy: CauseId = NO_CAUSE;
  /** The last step in which something did. */
  takenStamp = -1;
  /** The first thing that made its reservation differ from its pages; NO_CAUSE while exact. */
  misfit: CauseId = NO_CAUSE;
  /** The last misfit that went away again, because the reservation came to fit. */
  formerMisfit: CauseId = NO_CAUSE;
  /** A piece was moved away and took the tracking of the rest with it. */
  moved: CauseId = NO_CAUSE;
  /** Causes of over-retention already reported. */
  readonly reported: CauseId[] = [];
  /** The step that last touched it, how pages were removed there, and between which. */
  stamp = -1;
  removal: Removal = NO_CAUSE;
  removedLow = 0;
  /** One before `removedLow` where none was removed. */
  removedHigh = -1;

  /** By page from `first` on: removed in the step that last touched it. */
  private readonly removed = new PageSet();
  /** What took each page away, where that is known. */
  private gone = new Uint8Array(8);
  private isGoneKnown = false;

  /** Starts over as the unit of another mapping, which holds nothing yet. */
  begin(first: number, pages: number, mode: number, isPrivate: boolean): void {
    this.first = first;
    this.pages = pages;
    this.held.clear(pages);
    this.removed.clear(pages);
    this.live = 0;
    this.entries = 0;
    this.reserved = 0;
    this.entry = null;
    this.mode = mode;
    this.isPrivate = isPrivate;
    this.holder = "vma";
    this.isUntracked = false;
    this.shared = false;
    this.split = false;
    this.takenBy = NO_CAUSE;
    this.takenStamp = -1;
    this.misfit = NO_CAUSE;
    this.formerMisfit = NO_CAUSE;
    this.moved = NO_CAUSE;
    while (this.reported.length > 0) this.reported.pop();
    this.stamp = -1;
    this.removedHigh = this.removedLow - 1;
    this.isGoneKnown = false;
  }

  /** A step's op concerns it, for the first time in this step. */
  touch(step: number, removal: Removal): void {
    this.stamp = step;
    this.removal = removal;
    if (this.removedHigh < this.removedLow) return;
    this.removed.clear(this.pages);
    this.removedHigh = this.removedLow - 1;
  }

  /** Whether pages were removed in the step that last touched it. */
  get hasRemoved(): boolean {
    return this.removedHigh >= this.removedLow;
  }

  /** One more area has pages [from, to). */
  hold(from: number, to: number): void {
    const [low, high] = [from - this.first, to - this.first];
    const { held } = this;
    for (let word = low >> 5; word <= (high - 1) >> 5; word++) {
      this.live += countBits(held.up(word, bitsOf(word, low, high)));
    }
  }

  /** One area less has pages [from, to); the last one to go is what loses them for the unit. */
  drop(from: number, to: number): void {
    const [low, high] = [from - this.first, to - this.first];
    const { held } = this;
    for (let word = low >> 5; word <= (high - 1) >> 5; word++) {
      this.live -= countBits(held.down(word, bitsOf(word, low, high)));
    }
    this.removed.add(low, high);
    if (!this.hasRemoved) {
      this.removedLow = from;
      this.removedHigh = to - 1;
      return;
    }
    if (from < this.removedLow) this.removedLow = from;
    if (to - 1 > this.removedHigh) this.removedHigh = to - 1;
  }

  /** Whether pages [from, to) are among those that it was made for. */
  spans(from: number, to: number): boolean {
    return from >= this.first && to <= this.first + this.pages;
  }

  /** Whether some process has the page in a VMA of this unit. */
  has(pfn: number): boolean {
    return this.isInside(pfn) && this.held.has(pfn - this.first);
  }

  /** Whether the unit lost this page in this step. */
  lostNow(pfn: number, step: number): boolean {
    if (this.stamp !== step || !this.hasRemoved || !this.isInside(pfn)) return false;
    const at = pfn - this.first;
    return this.removed.has(at) && !this.held.has(at);
  }

  /** The highest page of [from, to) that the unit lost in this step, or -1. */
  lastLost(from: number, to: number, step: number): number {
    if (this.stamp !== step || !this.hasRemoved) return -1;
    const low = Math.max(from, this.first) - this.first;
    const high = Math.min(to, this.first + this.pages) - this.first;
    if (low >= high) return -1;
    const { removed, held } = this;
    for (let word = (high - 1) >> 5; word >= low >> 5; word--) {
      const gone = (removed.words[word] as number) & ~(held.some[word] as number);
      const lost = gone & bitsOf(word, low, high);
      if (lost !== 0) return this.first + word * 32 + highestBit(lost);
    }
    return -1;
  }

  /** What took the page away from the unit. */
  goneBy(pfn: number): CauseId {
    if (!this.isGoneKnown || !this.isInside(pfn)) return NO_CAUSE;
    return this.gone[pfn - this.first] as number;
  }

  /** Writes what took the pages removed in this step; if not `over`, only where nothing is known. */
  noteGone(cause: CauseId, over: boolean): void {
    const { removed, pages } = this;
    if (!this.isGoneKnown) {
      if (this.gone.length < pages) this.gone = new Uint8Array(pages);
      else for (let at = 0; at < pages; at++) this.gone[at] = NO_CAUSE;
      this.isGoneKnown = true;
    }
    const { gone } = this;
    const high = this.removedHigh - this.first;
    for (let at = this.removedLow - this.first; at <= high; at++) {
      if (removed.has(at) && (over || gone[at] === NO_CAUSE)) gone[at] = cause;
    }
  }

  /** The lowest page still held, or the end of the range. */
  get lowest(): number {
    return this.live === 0 ? this.first + this.pages : this.first + this.held.lowest;
  }

  /** The highest page still held, or one before the range. */
  get highest(): number {
    return this.first + this.held.highest;
  }

  private isInside(pfn: number): boolean {
    return pfn >= this.first && pfn < this.first + this.pages;
  }
}
