import { type CauseId, NO_CAUSE, type Removal } from "./causes.ts";
import type { Reservation } from "./reservation.ts";

/**
 * A unit is what one reservation stands for: the pages of one mmap(), through split, move and
 * a fork that shares, or those of one child VMA where fork reserves anew. It keeps a count per
 * page, how many processes map it. Units are used again and again, so that a step makes none.
 */
export class Unit {
  first = 0;
  pages = 0;
  /** Pages (not mappings) that some process still has in a VMA. */
  live = 0;
  /** Entries of the memtype list that belong to it, their pages together, and one of them. */
  entries = 0;
  reserved = 0;
  entry: Reservation | null = null;
  /** Cache modes, by index in CACHE_MODES: what was asked for, and what it got. */
  asked = 0;
  mode = 0;
  isPrivate = false;
  /** Processes share it. */
  shared = false;
  /** It is in several VMAs. */
  split = false;
  /** The device was taken from it: its VMAs stay, and map nothing. */
  revoked = false;
  /** The first thing that made its reservation differ from its pages; NO_CAUSE while exact. */
  mark: CauseId = NO_CAUSE;
  /** The last mark that went away again, because the reservation came to fit. */
  healed: CauseId = NO_CAUSE;
  /** A piece was moved away and took the tracking of the rest with it. */
  moved: CauseId = NO_CAUSE;
  /** Causes of over-retention already told, one bit each. */
  told = 0;
  /** The step that last touched it, how pages were removed there, how many and between which. */
  stamp = -1;
  removal: Removal = NO_CAUSE;
  removed = 0;
  removedLow = 0;
  removedHigh = 0;

  /** By page from `first` on: processes that map it, what took it, and the step that did. */
  private refs = new Uint16Array(8);
  private gone = new Uint8Array(8);
  private removedAt = new Int32Array(8);

  /** Starts over as the unit of another mapping, which holds nothing yet. */
  begin(first: number, pages: number, asked: number, mode: number, isPrivate: boolean): void {
    this.first = first;
    this.pages = pages;
    this.live = 0;
    this.entries = 0;
    this.reserved = 0;
    this.entry = null;
    this.asked = asked;
    this.mode = mode;
    this.isPrivate = isPrivate;
    this.shared = false;
    this.split = false;
    this.revoked = false;
    this.mark = NO_CAUSE;
    this.healed = NO_CAUSE;
    this.moved = NO_CAUSE;
    this.told = 0;
    this.stamp = -1;
    this.removed = 0;
    if (this.refs.length < pages) this.makeRoom(pages);
    const { refs, gone, removedAt } = this;
    for (let at = 0; at < pages; at++) {
      refs[at] = 0;
      gone[at] = NO_CAUSE;
      removedAt[at] = -1;
    }
  }

  private makeRoom(pages: number): void {
    this.refs = new Uint16Array(pages);
    this.gone = new Uint8Array(pages);
    this.removedAt = new Int32Array(pages);
  }

  /** One more process has the page. */
  hold(pfn: number): void {
    const at = pfn - this.first;
    const before = this.refs[at] as number;
    this.refs[at] = before + 1;
    if (before === 0) this.live++;
  }

  /** One process less has the page; the last one to go is what loses it for the unit. */
  drop(pfn: number, step: number): void {
    const at = pfn - this.first;
    const left = (this.refs[at] as number) - 1;
    this.refs[at] = left;
    if (left === 0) this.live--;
    this.removedAt[at] = step;
    if (this.removed === 0) {
      this.removedLow = pfn;
      this.removedHigh = pfn;
    } else if (pfn < this.removedLow) {
      this.removedLow = pfn;
    } else if (pfn > this.removedHigh) {
      this.removedHigh = pfn;
    }
    this.removed++;
  }

  /** Whether some process has the page in a VMA of this unit. */
  has(pfn: number): boolean {
    return this.isInside(pfn) && (this.refs[pfn - this.first] as number) > 0;
  }

  /** Whether the unit lost this page in this step. */
  lostNow(pfn: number, step: number): boolean {
    if (this.stamp !== step || !this.isInside(pfn)) return false;
    const at = pfn - this.first;
    return this.removedAt[at] === step && this.refs[at] === 0;
  }

  /** What took the page away from the unit. */
  goneBy(pfn: number): CauseId {
    return this.isInside(pfn) ? (this.gone[pfn - this.first] as number) : NO_CAUSE;
  }

  /** Writes what took the pages removed in this step; if not `over`, only where nothing is known. */
  noteGone(step: number, cause: CauseId, over: boolean): void {
    const { gone, removedAt } = this;
    const high = this.removedHigh - this.first;
    for (let at = this.removedLow - this.first; at <= high; at++) {
      if (removedAt[at] !== step) continue;
      if (over || gone[at] === NO_CAUSE) gone[at] = cause;
    }
  }

  /** The lowest page still held, or the end of the range. */
  lowest(): number {
    const { refs, pages } = this;
    let at = 0;
    while (at < pages && refs[at] === 0) at++;
    return this.first + at;
  }

  /** The highest page still held, or one before the range. */
  highest(): number {
    const { refs } = this;
    let at = this.pages - 1;
    while (at >= 0 && refs[at] === 0) at--;
    return this.first + at;
  }

  private isInside(pfn: number): boolean {
    return pfn >= this.first && pfn < this.first + this.pages;
  }
}
