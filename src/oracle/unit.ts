import { type CauseId, NO_CAUSE, type Removal } from "./causes.ts";
import { bitsOf, countBits, highestBit, lowestBit, PageCounts, wordsFor } from "./pagebits.ts";
import type { Reservation } from "./reservation.ts";

/** What holds the pages of a unit. */
export type Holder = "vma" | "driver" | "kernel";

/** What a unit knows of 32 of its pages: how many areas have each in a VMA. */
class UnitWord extends PageCounts {
  /** Removed in the step that last touched the unit. */
  removed = 0;

  override keep(): () => void {
    const { removed } = this;
    const back = super.keep();
    return () => {
      back();
      this.removed = removed;
    };
  }
}

/**
 * A unit is what one reservation stands for: the pages of one mmap(), through split, move and
 * a fork that shares, or those of one child VMA where fork reserves anew. It keeps a count per
 * page, how many areas map it. Units are used again and again, so that a step makes none.
 */
export class Unit {
  first = 0;
  pages = 0;
  /** Its pages from `first` on; those behind the first `count` wait for a larger unit. */
  private readonly words = [new UnitWord()];
  private count = 1;
  /** Pages (not mappings) that some process still has in a VMA. */
  live = 0;
  /** Entries of the memtype list that belong to it, their pages together, and one of them. */
  entries = 0;
  reserved = 0;
  entry: Reservation | null = null;
  isPrivate = false;
  /** The step whose op asked for its mode: of a child's own unit that of the mapping it copies. */
  askedAt = -1;
  /** What the fault handler of its VMAs asks for, if that is known; -1 where it is not. */
  faultMode = -1;
  /**
   * Through which kind of mapping: a VMA that maps all its pages, a driver's, whose page table
   * tells what it maps, or one of the kernel's own.
   */
  holder: Holder = "vma";
  /** Nothing was reserved for it, and nothing should be: a part that took the mode it found. */
  isUntracked = false;
  /** The call that made it of a copy of its VMA, so that nobody holds what is reserved for it; or NO_CAUSE. */
  lostBy: CauseId = NO_CAUSE;
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

  /** What took each page away, where that is known. */
  private gone = new Uint8Array(8);
  private isGoneKnown = false;

  /** Starts over as the unit of another mapping, which holds nothing yet. */
  begin(first: number, pages: number, isPrivate: boolean): void {
    this.first = first;
    this.pages = pages;
    this.count = wordsFor(pages);
    while (this.words.length < this.count) this.words.push(new UnitWord());
    for (let at = 0; at < this.count; at++) {
      this.word(at).clear();
      this.word(at).removed = 0;
    }
    this.live = 0;
    this.entries = 0;
    this.reserved = 0;
    this.entry = null;
    this.isPrivate = isPrivate;
    this.faultMode = -1;
    this.holder = "vma";
    this.isUntracked = false;
    this.lostBy = NO_CAUSE;
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

  /** Keeps all that it knows; returns what puts it back. */
  keep(): () => void {
    const words = this.words.slice(0, this.count).map((word) => word.keep());
    const marks = this.keepMarks();
    const { first, pages, count, live, entries, reserved, entry } = this;
    const { stamp, removal, removedLow, removedHigh, isGoneKnown } = this;
    const gone = isGoneKnown ? this.gone.slice(0, pages) : null;
    return () => {
      this.first = first;
      this.pages = pages;
      this.count = count;
      for (const back of words) back();
      marks();
      this.live = live;
      this.entries = entries;
      this.reserved = reserved;
      this.entry = entry;
      this.stamp = stamp;
      this.removal = removal;
      this.removedLow = removedLow;
      this.removedHigh = removedHigh;
      this.isGoneKnown = isGoneKnown;
      if (gone !== null) this.gone.set(gone);
    };
  }

  private keepMarks(): () => void {
    const { isPrivate, askedAt, faultMode, holder, isUntracked, shared, split } = this;
    const { takenBy, takenStamp, misfit, formerMisfit, moved, lostBy } = this;
    const reported = [...this.reported];
    return () => {
      this.isPrivate = isPrivate;
      this.askedAt = askedAt;
      this.faultMode = faultMode;
      this.holder = holder;
      this.isUntracked = isUntracked;
      this.lostBy = lostBy;
      this.shared = shared;
      this.split = split;
      this.takenBy = takenBy;
      this.takenStamp = takenStamp;
      this.misfit = misfit;
      this.formerMisfit = formerMisfit;
      this.moved = moved;
      while (this.reported.length > 0) this.reported.pop();
      for (const cause of reported) this.reported.push(cause);
    };
  }

  /** A step's op concerns it, for the first time in this step. */
  touch(step: number, removal: Removal): void {
    this.stamp = step;
    this.removal = removal;
    if (this.removedHigh < this.removedLow) return;
    for (let at = 0; at < this.count; at++) this.word(at).removed = 0;
    this.removedHigh = this.removedLow - 1;
  }

  /** Whether pages were removed in the step that last touched it. */
  get hasRemoved(): boolean {
    return this.removedHigh >= this.removedLow;
  }

  /** One more area has pages [from, to). */
  hold(from: number, to: number): void {
    const [low, high] = [from - this.first, to - this.first];
    for (let at = low >> 5; at <= (high - 1) >> 5; at++) {
      this.live += countBits(this.word(at).up(bitsOf(at, low, high)));
    }
  }

  /** One area less has pages [from, to); the last one to go is what loses them for the unit. */
  drop(from: number, to: number): void {
    const [low, high] = [from - this.first, to - this.first];
    for (let at = low >> 5; at <= (high - 1) >> 5; at++) {
      const word = this.word(at);
      const pages = bitsOf(at, low, high);
      this.live -= countBits(word.down(pages));
      word.removed |= pages;
    }
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
    return this.isInside(pfn) && hasBit(this.wordOf(pfn).some, pfn - this.first);
  }

  /** Whether the unit lost this page in this step. */
  lostNow(pfn: number, step: number): boolean {
    if (this.stamp !== step || !this.hasRemoved || !this.isInside(pfn)) return false;
    const { removed, some } = this.wordOf(pfn);
    return hasBit(removed & ~some, pfn - this.first);
  }

  /** The highest page of [from, to) that the unit lost in this step, or -1. */
  lastLost(from: number, to: number, step: number): number {
    if (this.stamp !== step || !this.hasRemoved) return -1;
    const low = Math.max(from, this.first) - this.first;
    const high = Math.min(to, this.first + this.pages) - this.first;
    if (low >= high) return -1;
    for (let at = (high - 1) >> 5; at >= low >> 5; at--) {
      const { removed, some } = this.word(at);
      const lost = removed & ~some & bitsOf(at, low, high);
      if (lost !== 0) return this.first + at * 32 + highestBit(lost);
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
    const { pages } = this;
    if (!this.isGoneKnown) {
      if (this.gone.length < pages) this.gone = new Uint8Array(pages);
      else for (let at = 0; at < pages; at++) this.gone[at] = NO_CAUSE;
      this.isGoneKnown = true;
    }
    const { gone } = this;
    const high = this.removedHigh - this.first;
    for (let at = this.removedLow - this.first; at <= high; at++) {
      if (hasBit(this.word(at >> 5).removed, at) && (over || gone[at] === NO_CAUSE))
        gone[at] = cause;
    }
  }

  /** The lowest page still held, or the end of the range. */
  get lowest(): number {
    for (let at = 0; at < this.count; at++) {
      const { some } = this.word(at);
      if (some !== 0) return this.first + at * 32 + lowestBit(some);
    }
    return this.first + this.pages;
  }

  /** The highest page still held, or one before the range. */
  get highest(): number {
    for (let at = this.count - 1; at >= 0; at--) {
      const { some } = this.word(at);
      if (some !== 0) return this.first + at * 32 + highestBit(some);
    }
    return this.first - 1;
  }

  private word(at: number): UnitWord {
    return this.words[at] as UnitWord;
  }

  private wordOf(pfn: number): UnitWord {
    return this.word((pfn - this.first) >> 5);
  }

  private isInside(pfn: number): boolean {
    return pfn >= this.first && pfn < this.first + this.pages;
  }
}

function hasBit(bits: number, page: number): boolean {
  return ((bits >>> (page & 31)) & 1) === 1;
}
