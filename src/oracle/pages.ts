import { CACHE_MODES } from "../pat/cachemode.ts";
import { bitsOf, cleared, countBits, lowestBit, PageCounter, wordsFor } from "./pagebits.ts";
import type { Unit } from "./unit.ts";

const MODES = CACHE_MODES.length;
const UC_MINUS = CACHE_MODES.indexOf("uncached-minus");
/** Counted apart: mappings that nothing tracks, with the mode that a page has without reservation. */
const UNTRACKED = MODES;

/**
 * The page ledger of the region: for each pfn how many mappings of each cache mode it has, and how
 * many reservations cover it. Everything else the oracle says derives from it.
 */
export class Pages {
  /** Pages that some mapping maps. */
  private mapped = new Int32Array(1);
  /** Mappings by cache mode. */
  private readonly byMode = Array.from({ length: MODES + 1 }, () => new PageCounter());
  /** Pages in VMAs that do not map them: copied on write, or taken away. */
  private readonly off = new PageCounter();
  /** Reservations, and those of them that belong to a living unit. */
  private readonly covered = new PageCounter();
  private readonly kept = new PageCounter();
  private count = 1;

  /** Pages that only the design keeps reserved: kept, but mapped by nobody. */
  retained = 0;
  /** Pages whose mappings began or ended in this step, or that came to be kept unmapped. */
  private changed = new Int32Array(1);
  /** Pages that lost their last reservation in this step. */
  private uncovered = new Int32Array(1);
  /** Words [dirtyFrom, dirtyTo) hold all that is in those two. */
  private dirtyFrom = 0;
  private dirtyTo = 0;
  /** A page left its last VMA in this step. */
  hasLeft = false;
  /** The first pfn that got a second cache mode in this step, or -1. */
  aliased = -1;

  reset(pfns: number): void {
    this.count = wordsFor(pfns);
    this.mapped = cleared(this.mapped, this.count);
    this.changed = cleared(this.changed, this.count);
    this.uncovered = cleared(this.uncovered, this.count);
    for (const counter of this.byMode) counter.clear(pfns);
    this.off.clear(pfns);
    this.covered.clear(pfns);
    this.kept.clear(pfns);
    this.retained = 0;
    this.dirtyFrom = this.count;
    this.dirtyTo = 0;
    this.hasLeft = false;
    this.aliased = -1;
  }

  begin(): void {
    for (let word = this.dirtyFrom; word < this.dirtyTo; word++) {
      this.changed[word] = 0;
      this.uncovered[word] = 0;
    }
    this.dirtyFrom = this.count;
    this.dirtyTo = 0;
    this.hasLeft = false;
    this.aliased = -1;
  }

  isMapped(pfn: number): boolean {
    return (((this.mapped[pfn >> 5] as number) >>> (pfn & 31)) & 1) === 1;
  }

  /** Whether a VMA has a page of [from, to), mapped or not. */
  isInVma(from: number, to: number): boolean {
    const { mapped } = this;
    const off = this.off.some;
    for (let word = from >> 5; word <= (to - 1) >> 5; word++) {
      const held = (mapped[word] as number) | (off[word] as number);
      if ((held & bitsOf(word, from, to)) !== 0) return true;
    }
    return false;
  }

  /** Whether a page of [from, to) is mapped. */
  hasMapped(from: number, to: number): boolean {
    const { mapped } = this;
    for (let word = from >> 5; word <= (to - 1) >> 5; word++) {
      if (((mapped[word] as number) & bitsOf(word, from, to)) !== 0) return true;
    }
    return false;
  }

  /** The cache modes that pages of [from, to) are mapped with, one bit each. */
  modesOf(from: number, to: number): number {
    let modes = 0;
    for (let mode = 0; mode <= UNTRACKED; mode++) {
      if (!meets(this.byMode[mode] as PageCounter, from, to)) continue;
      modes |= 1 << (mode === UNTRACKED ? UC_MINUS : mode);
    }
    return modes;
  }

  /** Pages [from, to) come to be mapped for a unit. */
  join(from: number, to: number, unit: Unit): void {
    const counter = this.counterOf(unit);
    const { mapped } = this;
    for (let word = from >> 5; word <= (to - 1) >> 5; word++) {
      const fresh = counter.up(word, bitsOf(word, from, to));
      if (fresh === 0) continue;
      const before = mapped[word] as number;
      const began = fresh & ~before;
      if (began !== fresh && this.aliased < 0) this.noteAlias(word, fresh & before);
      if (began === 0) continue;
      mapped[word] = before | began;
      this.note(word, began);
      const kept = began & (this.kept.some[word] as number);
      if (kept !== 0) this.retained -= countBits(kept);
    }
  }

  /** Pages [from, to) are no longer mapped for a unit. */
  leave(from: number, to: number, unit: Unit): void {
    const counter = this.counterOf(unit);
    const { mapped } = this;
    for (let word = from >> 5; word <= (to - 1) >> 5; word++) {
      const gone = counter.down(word, bitsOf(word, from, to));
      if (gone === 0) continue;
      const ended = gone & ~this.mappedIn(word);
      if (ended === 0) continue;
      mapped[word] = (mapped[word] as number) & ~ended;
      this.note(word, ended);
      const kept = ended & (this.kept.some[word] as number);
      if (kept !== 0) this.retained += countBits(kept);
    }
  }

  /** Pages [from, to) are in a VMA that does not map them. */
  joinOff(from: number, to: number): void {
    for (let word = from >> 5; word <= (to - 1) >> 5; word++) {
      this.off.up(word, bitsOf(word, from, to));
    }
  }

  leaveOff(from: number, to: number): void {
    for (let word = from >> 5; word <= (to - 1) >> 5; word++) {
      this.off.down(word, bitsOf(word, from, to));
    }
  }

  /** Pages [from, to) have left a VMA. */
  noteLeft(from: number, to: number): void {
    if (this.hasLeft) return;
    const { mapped } = this;
    const off = this.off.some;
    for (let word = from >> 5; word <= (to - 1) >> 5; word++) {
      const held = (mapped[word] as number) | (off[word] as number);
      if ((bitsOf(word, from, to) & ~held) !== 0) this.hasLeft = true;
    }
  }

  /** A reservation of [from, to) came; `kept` if it belongs to a unit. */
  reserve(from: number, to: number, kept: boolean): void {
    for (let word = from >> 5; word <= (to - 1) >> 5; word++) {
      this.covered.up(word, bitsOf(word, from, to));
    }
    if (kept) this.keep(from, to);
  }

  /** A reservation of [from, to) went. */
  unreserve(from: number, to: number, kept: boolean): void {
    if (kept) this.unkeep(from, to);
    for (let word = from >> 5; word <= (to - 1) >> 5; word++) {
      const gone = this.covered.down(word, bitsOf(word, from, to));
      if (gone === 0) continue;
      this.uncovered[word] = (this.uncovered[word] as number) | gone;
      this.dirty(word);
    }
  }

  /** One more living unit's reservation covers the pages. */
  keep(from: number, to: number): void {
    for (let word = from >> 5; word <= (to - 1) >> 5; word++) {
      const fresh = this.kept.up(word, bitsOf(word, from, to));
      const idle = fresh & ~(this.mapped[word] as number);
      if (idle === 0) continue;
      this.retained += countBits(idle);
      this.note(word, idle);
    }
  }

  /** One less. */
  unkeep(from: number, to: number): void {
    for (let word = from >> 5; word <= (to - 1) >> 5; word++) {
      const gone = this.kept.down(word, bitsOf(word, from, to));
      const idle = gone & ~(this.mapped[word] as number);
      if (idle !== 0) this.retained -= countBits(idle);
    }
  }

  /** The first page from `from` on that has come to be kept unmapped in this step, or -1. */
  nextRetained(from: number): number {
    for (let word = Math.max(from >> 5, this.dirtyFrom); word < this.dirtyTo; word++) {
      const idle = (this.changed[word] as number) & ~(this.mapped[word] as number);
      const pages = after(word, from, idle & (this.kept.some[word] as number));
      if (pages !== 0) return word * 32 + lowestBit(pages);
    }
    return -1;
  }

  /**
   * A page that is mapped without a reservation since this step, or -1: first of those that lost
   * their reservation, then of those that came to be mapped. One that nothing tracks needs none.
   */
  get unreservedPage(): number {
    for (let word = this.dirtyFrom; word < this.dirtyTo; word++) {
      const pages = this.unreservedOf(word, this.uncovered[word] as number);
      if (pages !== 0) return word * 32 + lowestBit(pages);
    }
    for (let word = this.dirtyFrom; word < this.dirtyTo; word++) {
      const pages = this.unreservedOf(word, this.changed[word] as number);
      if (pages !== 0) return word * 32 + lowestBit(pages);
    }
    return -1;
  }

  private unreservedOf(word: number, pages: number): number {
    const candidates = pages & (this.mapped[word] as number) & ~(this.covered.some[word] as number);
    return candidates === 0 ? 0 : candidates & this.trackedIn(word);
  }

  /** Pages of a word that a mapping maps which must be covered by a reservation. */
  private trackedIn(word: number): number {
    let tracked = 0;
    for (let mode = 0; mode < MODES; mode++) {
      tracked |= (this.byMode[mode] as PageCounter).some[word] as number;
    }
    return tracked;
  }

  private mappedIn(word: number): number {
    return this.trackedIn(word) | ((this.byMode[UNTRACKED] as PageCounter).some[word] as number);
  }

  private counterOf({ isUntracked, mode }: Unit): PageCounter {
    return this.byMode[isUntracked && mode === UC_MINUS ? UNTRACKED : mode] as PageCounter;
  }

  private noteAlias(word: number, pages: number): void {
    for (let left = pages; left !== 0; left &= left - 1) {
      const pfn = word * 32 + lowestBit(left);
      const modes = this.modesOf(pfn, pfn + 1);
      if ((modes & (modes - 1)) === 0) continue;
      this.aliased = pfn;
      return;
    }
  }

  private note(word: number, pages: number): void {
    this.changed[word] = (this.changed[word] as number) | pages;
    this.dirty(word);
  }

  private dirty(word: number): void {
    if (word < this.dirtyFrom) this.dirtyFrom = word;
    if (word >= this.dirtyTo) this.dirtyTo = word + 1;
  }
}

function meets(counter: PageCounter, from: number, to: number): boolean {
  const { some } = counter;
  for (let word = from >> 5; word <= (to - 1) >> 5; word++) {
    if (((some[word] as number) & bitsOf(word, from, to)) !== 0) return true;
  }
  return false;
}

/** Of pages of a word those from `from` on. */
function after(word: number, from: number, pages: number): number {
  return word === from >> 5 ? pages & (-1 << (from & 31)) : pages;
}
