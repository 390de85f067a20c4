import { modeMisread, type PageCacheMode } from "../pat/cachemode.ts";
import { broken, checks } from "../pat/invariant.ts";
import type { KernelState } from "../pat/kernelstate.ts";
import { MappedPages } from "../pat/mappedpages.ts";
import { isRam } from "../pat/rampages.ts";
import type { PageCount, Pfn, VirtualPage } from "./units.ts";

/** What is no mapping of a pfn; the low bits of one that is hold a cache mode, which these are not. */
const NONE = -1;
const ANON = -2;
/** A guard page (madvise(MADV_GUARD_INSTALL)); its low bits are those of NONE. */
const GUARD = -9;
const MODE_BITS = 3;
const MODE = (1 << MODE_BITS) - 1;
const IS_PFN = 6;

/** How many pages one page table covers: the unit in which page tables are allocated, and one entry of 2 MiB (a PMD). */
export const TABLE_PAGES = 512;
export const TABLE_SHIFT = 9;

/** What is beneath the pages that one table covers: nothing yet, a table, or one entry that maps all of them. */
const [NO_TABLE, TABLE, LARGE] = [0, 1, 2] as const;

/** What is shorter is filled faster by a loop than by the engine's own fill(). */
const SHORT = 32;

/**
 * The page table of one process' window: for each virtual page nothing, a pfn with the cache
 * mode it is mapped with, an anonymous page that a write put there, or a guard page. A pfn
 * is kept as its distance from the page, so that pages which map consecutive pfns are alike.
 */
export class PageTable {
  private readonly entries: Int32Array;
  /** NO_TABLE, TABLE or LARGE, for each that the window has room for. */
  private readonly tables: Uint8Array;
  /** How many of them are LARGE: nearly always none. */
  private larges = 0;
  /** Entries that may have changed since takeChanged() lie from `low` on and below `high`. */
  private low = 0;
  private high: number;

  constructor(
    vpages: PageCount,
    /** Told of every entry that comes and goes. */
    private readonly mapped: MappedPages = new MappedPages(),
  ) {
    this.entries = new Int32Array(vpages).fill(NONE);
    this.tables = new Uint8Array(((vpages - 1) >> TABLE_SHIFT) + 1);
    this.high = vpages;
  }

  /** A range that holds every entry which has changed since this was asked last; perhaps an empty one. */
  takeChanged(): { readonly start: VirtualPage; readonly end: VirtualPage } {
    const changed = { start: this.low, end: this.high };
    this.low = this.entries.length;
    this.high = 0;
    return changed;
  }

  private note(start: VirtualPage, end: VirtualPage): void {
    if (start < this.low) this.low = start;
    if (end > this.high) this.high = end;
  }

  /** The pfn that a page maps (follow_pfnmap_start() with a special PTE), or null. */
  pfnAt(at: VirtualPage): Pfn | null {
    const entry = this.entries[at] as number;
    return (entry & MODE) < IS_PFN ? (entry >> MODE_BITS) + at : null;
  }

  /** The cache mode of a mapped pfn; meaningless where pfnAt() is null. */
  modeAt(at: VirtualPage): PageCacheMode {
    return ((this.entries[at] as number) & MODE) as PageCacheMode;
  }

  /** Where the pages from `start` on stop to be alike: consecutive pfns of one mode, or nothing. */
  runEnd(start: VirtualPage, end: VirtualPage): VirtualPage {
    const { entries } = this;
    const entry = entries[start];
    let at = start + 1;
    while (at < end && entries[at] === entry) at++;
    return at;
  }

  /** Whether the page was copied on write. */
  isAnon(at: VirtualPage): boolean {
    return this.entries[at] === ANON;
  }

  isGuard(at: VirtualPage): boolean {
    return this.entries[at] === GUARD;
  }

  isNone(at: VirtualPage): boolean {
    return this.entries[at] === NONE;
  }

  /** Whether the table that covers a page is there. */
  hasTable(at: VirtualPage): boolean {
    return this.tables[at >> TABLE_SHIFT] === TABLE;
  }

  /** Whether one entry maps a page and all that its table would cover (pmd_leaf()). */
  isLarge(at: VirtualPage): boolean {
    return this.larges > 0 && this.tables[at >> TABLE_SHIFT] === LARGE;
  }

  /** The mode that the kernel takes a page's entry for where it asks the entry alone (pmd_pgprot(), 6.12 to 7.3). */
  modeOfBits(at: VirtualPage): PageCacheMode {
    return this.isLarge(at) ? modeMisread(this.modeAt(at)) : this.modeAt(at);
  }

  /**
   * pte_alloc() for [start, end), which is not empty: returns the first page whose table cannot
   * be had, or `end`. There can be none where one entry maps all that it would cover.
   */
  allocate(start: VirtualPage, end: VirtualPage, kernel: KernelState): VirtualPage {
    const last = (end - 1) >> TABLE_SHIFT;
    for (let table = start >> TABLE_SHIFT; table <= last; table++) {
      if (this.tables[table] === TABLE) continue;
      const isLarge = this.tables[table] === LARGE;
      if (isLarge || kernel.fails("page-table")) return Math.max(start, table << TABLE_SHIFT);
      this.tables[table] = TABLE;
    }
    return end;
  }

  /** The same for who tries again until there is memory: every table is there. */
  supply(start: VirtualPage, end: VirtualPage): void {
    for (let table = start >> TABLE_SHIFT; table <= (end - 1) >> TABLE_SHIFT; table++) {
      this.tables[table] = TABLE;
    }
  }

  /** free_pgtables(): frees the tables beneath [start, end) that lie wholly in [floor, ceiling). */
  freeTables(start: VirtualPage, end: VirtualPage, floor: VirtualPage, ceiling: VirtualPage): void {
    const last = (end - 1) >> TABLE_SHIFT;
    for (let table = start >> TABLE_SHIFT; table <= last; table++) {
      const inside = table << TABLE_SHIFT >= floor && (table + 1) << TABLE_SHIFT <= ceiling;
      if (inside) this.freeTable(table);
    }
  }

  private freeTable(table: number): void {
    if (checks.thorough) {
      const at = table << TABLE_SHIFT;
      const present = this.firstPresent(at, Math.min(at + TABLE_PAGES, this.entries.length));
      if (present < this.entries.length && present < at + TABLE_PAGES) {
        broken(`the table that goes still maps page ${present}`);
      }
    }
    this.tables[table] = NO_TABLE;
  }

  /** Frees every table of an address space that maps nothing any more. */
  dropTables(): void {
    for (let table = 0; table < this.tables.length; table++) this.tables[table] = NO_TABLE;
    this.larges = 0;
  }

  /** The first page of [start, end) that maps something, or `end`. */
  firstPresent(start: VirtualPage, end: VirtualPage): VirtualPage {
    let at = start;
    while (at < end && this.entries[at] === NONE) at++;
    return at;
  }

  /** Maps consecutive pfns over [start, end) (remap_p4d_range() and below), whose tables are there. */
  remap(start: VirtualPage, end: VirtualPage, pfn: Pfn, mode: PageCacheMode): void {
    if (start >= end) return;
    this.needTables(start, end);
    this.fill(start, end, ((pfn - start) << MODE_BITS) | mode);
    if (!isRam(pfn)) this.mapped.add(pfn, pfn + end - start);
  }

  /** A write to a page of a private mapping replaces the pfn by an anonymous copy. */
  copyOnWrite(at: VirtualPage): void {
    this.fill(at, at + 1, ANON);
  }

  /** Pages [start, end) of anonymous memory, whose tables are there, become guard pages. */
  guard(start: VirtualPage, end: VirtualPage): void {
    this.fill(start, end, GUARD);
  }

  /** Drops what [start, end) of anonymous memory holds: its guard pages, or all but those. */
  drop(start: VirtualPage, end: VirtualPage, what: "guards" | "pages"): void {
    for (let at = start; at < end; at++) {
      if (this.isGuard(at) === (what === "guards")) this.fill(at, at + 1, NONE);
    }
  }

  /** Clears [start, end), and all that an entry maps which is not wholly inside: such a one is not cut but dropped. */
  zap(start: VirtualPage, end: VirtualPage): void {
    if (this.larges > 0 && start < end) {
      for (let table = start >> TABLE_SHIFT; table <= (end - 1) >> TABLE_SHIFT; table++) {
        this.dropLarge(table << TABLE_SHIFT);
      }
    }
    this.fill(start, end, NONE);
  }

  /** Maps what the table of a page would cover by one entry; there is no table, and the window reaches so far. */
  mapLarge(at: VirtualPage, pfn: Pfn, mode: PageCacheMode): void {
    const start = at - (at % TABLE_PAGES);
    if (this.tables[start >> TABLE_SHIFT] !== NO_TABLE) broken(`something maps page ${start}`);
    this.tables[start >> TABLE_SHIFT] = LARGE;
    this.larges++;
    this.fill(start, start + TABLE_PAGES, ((pfn - start) << MODE_BITS) | mode);
    if (!isRam(pfn)) this.mapped.add(pfn, pfn + TABLE_PAGES);
  }

  /** __split_huge_pmd() of a pfn mapping: the one entry that maps a page, if it is so mapped, goes, with all that it maps. */
  dropLarge(at: VirtualPage): void {
    if (!this.isLarge(at)) return;
    const start = at - (at % TABLE_PAGES);
    this.fill(start, start + TABLE_PAGES, NONE);
    this.tables[start >> TABLE_SHIFT] = NO_TABLE;
    this.larges--;
  }

  /** Moves the entries of [at, at + pages) to `to` (move_page_tables()); the ranges are disjoint. */
  move(at: VirtualPage, pages: PageCount, to: VirtualPage): void {
    const { entries } = this;
    const nearer = (at - to) << MODE_BITS;
    this.note(at, at + pages);
    this.note(to, to + pages);
    if (this.larges > 0) this.moveLarge(at, pages, to);
    for (let i = 0; i < pages; i++) {
      const entry = entries[at + i] as number;
      entries[to + i] = (entry & MODE) < IS_PFN ? entry + nearer : entry;
      entries[at + i] = NONE;
    }
  }

  /** move_huge_pmd(): what one entry maps is mapped by one there; what could not be so was dropped before. */
  private moveLarge(at: VirtualPage, pages: PageCount, to: VirtualPage): void {
    for (let i = 0; i < pages; i += TABLE_PAGES - ((at + i) % TABLE_PAGES)) {
      if (!this.isLarge(at + i)) continue;
      this.tables[(at + i) >> TABLE_SHIFT] = NO_TABLE;
      this.tables[(to + i) >> TABLE_SHIFT] = LARGE;
    }
  }

  /** copy_huge_pmd(): maps what one entry of another process maps by one of its own. */
  copyLarge(source: PageTable, at: VirtualPage): void {
    const pfn = source.pfnAt(at);
    if (pfn !== null) this.mapLarge(at, pfn, source.modeAt(at));
  }

  /** Copies the entries of [start, end) from another process (copy_page_range()). */
  copyFrom(source: PageTable, start: VirtualPage, end: VirtualPage): void {
    if (start < end) this.needTables(start, end);
    this.note(start, end);
    for (let at = start; at < end; ) {
      const upTo = source.runEnd(at, end);
      const pfn = source.pfnAt(at);
      if (pfn !== null && !isRam(pfn)) this.mapped.add(pfn, pfn + upTo - at);
      for (; at < upTo; at++) this.entries[at] = source.entries[at] as number;
    }
  }

  /** Keeps the entries of [start, end); returns what puts them back, into a table of this size. */
  keep(start: VirtualPage, end: VirtualPage): (table: PageTable) => void {
    const entries = this.entries.slice(start, end);
    return (table) => {
      table.note(start, end);
      table.entries.set(entries, start);
    };
  }

  /** Keeps which tables are there; returns what puts them back. */
  keepTables(): (table: PageTable) => void {
    const tables = this.tables.slice();
    const { larges } = this;
    return (table) => {
      table.tables.set(tables);
      table.larges = larges;
    };
  }

  private fill(start: VirtualPage, end: VirtualPage, entry: number): void {
    const { entries, mapped } = this;
    this.note(start, end);
    for (let at = start; at < end; ) {
      const upTo = this.runEnd(at, end);
      const pfn = this.pfnAt(at);
      if (pfn !== null && !isRam(pfn)) mapped.drop(pfn, pfn + upTo - at);
      at = upTo;
    }
    if (end - start > SHORT) entries.fill(entry, start, end);
    else for (let at = start; at < end; at++) entries[at] = entry;
  }

  private needTables(start: VirtualPage, end: VirtualPage): void {
    if (this.hasTable(start) && this.hasTable(end - 1)) return;
    broken(`no table is there to map [${start},${end}) with`);
  }
}
