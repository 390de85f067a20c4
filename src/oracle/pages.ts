import type { Area } from "./areas.ts";
import { bitsOf, countBits, lowestBit, type PageCounts, wordsFor } from "./pagebits.ts";
import { type PfnRange, piecesAt } from "./isa.ts";
import { PageWord, UC_MINUS, UNMINDED, UNTRACKED } from "./pageword.ts";

/**
 * The page ledger of the region: for each pfn how many mappings of each cache mode it has, and how
 * many reservations cover it. Everything else the oracle says derives from it.
 */
export class Pages {
  private readonly words: PageWord[] = [];
  /** Words in use in this trace. */
  private count = 0;

  /** Pages that only the design keeps reserved: kept, but mapped by nobody. */
  retained = 0;
  /** Words [dirtyFrom, dirtyTo) hold all that is changed or uncovered. */
  private dirtyFrom = 0;
  private dirtyTo = 0;
  /** A page left its last VMA in this step. */
  hasLeft = false;
  /** The first pfn that got a second cache mode in this step, or -1. */
  aliased = -1;
  /** A page had mappings of two modes in this trace, or untracked ones beside others. */
  private isMixed = false;
  /** Without PAT nothing is tracked, and no mode is anybody's to keep. */
  private hasPat = true;
  /** The ISA window, whose pages need no reservation and may be mapped in any mode. */
  private window: PfnRange | null = null;

  reset(pfns: number, hasPat = true, window: PfnRange | null = null): void {
    this.hasPat = hasPat;
    this.window = window;
    for (let at = 0; at < this.count; at++) (this.words[at] as PageWord).clear();
    this.count = 0;
    this.extend(wordsFor(pfns));
    this.retained = 0;
    this.dirtyFrom = this.count;
    this.dirtyTo = 0;
    this.hasLeft = false;
    this.aliased = -1;
    this.isMixed = false;
  }

  begin(): void {
    for (let at = this.dirtyFrom; at < this.dirtyTo; at++) {
      const word = this.word(at);
      word.changed = 0;
      word.uncovered = 0;
    }
    this.dirtyFrom = this.count;
    this.dirtyTo = 0;
    this.hasLeft = false;
    this.aliased = -1;
  }

  /** Keeps the ledger between two steps; returns what puts it back. */
  keepAll(): () => void {
    const { count, retained, isMixed, hasPat, window } = this;
    const words = this.words.slice(0, count).map((word) => word.keep());
    return () => {
      for (let at = count; at < this.count; at++) this.word(at).clear();
      this.count = count;
      this.retained = retained;
      this.isMixed = isMixed;
      this.hasPat = hasPat;
      this.window = window;
      this.dirtyFrom = count;
      this.dirtyTo = 0;
      for (const back of words) back();
    };
  }

  /** A wrong design may reserve beyond the region; what is known of there is made as it comes up. */
  private word(at: number): PageWord {
    if (at >= this.count) this.extend(at + 1);
    return this.words[at] as PageWord;
  }

  private extend(count: number): void {
    while (this.words.length < count) this.words.push(new PageWord());
    this.count = count;
  }

  isMapped(pfn: number): boolean {
    return ((this.word(pfn >> 5).mapped >>> (pfn & 31)) & 1) === 1;
  }

  /** Whether a mapping maps the pfn that must be covered by a reservation. */
  isTracked(pfn: number): boolean {
    return ((this.word(pfn >> 5).tracked >>> (pfn & 31)) & 1) === 1;
  }

  /** Whether a VMA has a page of [from, to), mapped or not. */
  isInVma(from: number, to: number): boolean {
    for (let at = from >> 5; at <= (to - 1) >> 5; at++) {
      if ((this.word(at).inVma & bitsOf(at, from, to)) !== 0) return true;
    }
    return false;
  }

  /** The cache modes that pages of [from, to) are mapped with, one bit each. */
  modesOf(from: number, to: number): number {
    let modes = 0;
    for (let at = from >> 5; at <= (to - 1) >> 5; at++) {
      const word = this.word(at);
      const pages = word.mapped & bitsOf(at, from, to);
      if (pages !== 0) modes |= word.modesOf(pages);
    }
    return modes;
  }

  /** Among which mappings those of an area count. */
  private countedAs({ unit, mode }: Area): number {
    return !this.hasPat || (unit.isUntracked && mode === UC_MINUS) ? UNTRACKED : mode;
  }

  /** Pfns [from, to) come to be mapped by an area. */
  join(from: number, to: number, area: Area): void {
    const mode = this.countedAs(area);
    if (this.window === null) return this.joinAs(from, to, mode);
    for (const { start, end, isInside } of piecesAt(this.window, from, to)) {
      this.joinAs(start, end, isInside ? UNMINDED : mode);
    }
  }

  private joinAs(from: number, to: number, mode: number): void {
    for (let at = from >> 5; at <= (to - 1) >> 5; at++) {
      const word = this.word(at);
      const fresh = (word.byMode[mode] as PageCounts).up(bitsOf(at, from, to));
      const began = fresh & ~word.mapped;
      if (began !== fresh) this.noteMixed(at, word, fresh & ~began);
      if (began === 0) continue;
      word.mapped |= began;
      this.note(at, word, began);
      const kept = began & word.kept.some;
      if (kept !== 0) this.retained -= countBits(kept);
    }
  }

  /** Pfns [from, to) are no longer mapped by an area. */
  leave(from: number, to: number, area: Area): void {
    const mode = this.countedAs(area);
    if (this.window === null) return this.leaveAs(from, to, mode);
    for (const { start, end, isInside } of piecesAt(this.window, from, to)) {
      this.leaveAs(start, end, isInside ? UNMINDED : mode);
    }
  }

  private leaveAs(from: number, to: number, mode: number): void {
    for (let at = from >> 5; at <= (to - 1) >> 5; at++) {
      const word = this.word(at);
      const gone = (word.byMode[mode] as PageCounts).down(bitsOf(at, from, to));
      const ended = this.isMixed ? gone & ~stillMapped(word) : gone;
      if (ended === 0) continue;
      word.mapped &= ~ended;
      if ((ended & ~word.off.some) !== 0) this.hasLeft = true;
      this.note(at, word, ended);
      const kept = ended & word.kept.some;
      if (kept !== 0) this.retained += countBits(kept);
    }
  }

  /** Pages [from, to) are in a VMA that does not map them. */
  joinOff(from: number, to: number): void {
    for (let at = from >> 5; at <= (to - 1) >> 5; at++) {
      this.word(at).off.up(bitsOf(at, from, to));
    }
  }

  leaveOff(from: number, to: number): void {
    for (let at = from >> 5; at <= (to - 1) >> 5; at++) {
      const word = this.word(at);
      if ((word.off.down(bitsOf(at, from, to)) & ~word.mapped) !== 0) this.hasLeft = true;
    }
  }

  /** A reservation of [from, to) came; `kept` if it belongs to a unit. */
  reserve(from: number, to: number, kept: boolean): void {
    for (let at = from >> 5; at <= (to - 1) >> 5; at++) {
      const word = this.word(at);
      const pages = bitsOf(at, from, to);
      word.covered.up(pages);
      if (kept) this.keepIn(at, word, pages);
    }
  }

  /** A reservation of [from, to) went. */
  unreserve(from: number, to: number, kept: boolean): void {
    for (let at = from >> 5; at <= (to - 1) >> 5; at++) {
      const word = this.word(at);
      const pages = bitsOf(at, from, to);
      if (kept) this.unkeepIn(word, pages);
      const gone = word.covered.down(pages);
      if (gone === 0) continue;
      word.uncovered |= gone;
      this.dirty(at);
    }
  }

  /** One more living unit's reservation covers the pages. */
  keep(from: number, to: number): void {
    for (let at = from >> 5; at <= (to - 1) >> 5; at++) {
      this.keepIn(at, this.word(at), bitsOf(at, from, to));
    }
  }

  private keepIn(at: number, word: PageWord, pages: number): void {
    const idle = word.kept.up(pages) & ~word.mapped;
    if (idle === 0) return;
    this.retained += countBits(idle);
    this.note(at, word, idle);
  }

  /** One less. */
  unkeep(from: number, to: number): void {
    for (let at = from >> 5; at <= (to - 1) >> 5; at++) {
      this.unkeepIn(this.word(at), bitsOf(at, from, to));
    }
  }

  private unkeepIn(word: PageWord, pages: number): void {
    const idle = word.kept.down(pages) & ~word.mapped;
    if (idle !== 0) this.retained -= countBits(idle);
  }

  /** The first page from `from` on that has come to be kept unmapped in this step, or -1. */
  nextRetained(from: number): number {
    for (let at = Math.max(from >> 5, this.dirtyFrom); at < this.dirtyTo; at++) {
      const word = this.word(at);
      const idle = word.changed & ~word.mapped & word.kept.some;
      const pages = at === from >> 5 ? idle & (-1 << (from & 31)) : idle;
      if (pages !== 0) return at * 32 + lowestBit(pages);
    }
    return -1;
  }

  /**
   * A page that is mapped without a reservation since this step, or -1: first of those that lost
   * their reservation, then of those that came to be mapped. One that nothing tracks needs none.
   */
  get unreservedPage(): number {
    let page = -1;
    for (let at = this.dirtyFrom; at < this.dirtyTo; at++) {
      const word = this.word(at);
      const pages = word.unreserved(word.uncovered | word.changed);
      if (pages === 0) continue;
      const bared = pages & word.uncovered;
      if (bared !== 0) return at * 32 + lowestBit(bared);
      if (page < 0) page = at * 32 + lowestBit(pages);
    }
    return page;
  }

  /** Pages of a word that were mapped already have come to be mapped in another way. */
  private noteMixed(at: number, word: PageWord, pages: number): void {
    this.isMixed = true;
    for (let left = pages; left !== 0 && this.aliased < 0; left &= left - 1) {
      const modes = word.modesOf(left & -left);
      if ((modes & (modes - 1)) !== 0) this.aliased = at * 32 + lowestBit(left);
    }
  }

  private note(at: number, word: PageWord, pages: number): void {
    word.changed |= pages;
    this.dirty(at);
  }

  private dirty(at: number): void {
    if (at < this.dirtyFrom) this.dirtyFrom = at;
    if (at >= this.dirtyTo) this.dirtyTo = at + 1;
  }
}

function stillMapped({ tracked, byMode }: PageWord): number {
  return tracked | (byMode[UNTRACKED] as PageCounts).some | (byMode[UNMINDED] as PageCounts).some;
}
