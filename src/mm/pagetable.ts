import type { PageCacheMode } from "../pat/cachemode.ts";
import type { KernelState } from "../pat/kernelstate.ts";
import type { PageCount, Pfn, VirtualPage } from "./units.ts";

const NONE = -1;
const ANON = -2;

/** How many pages one page table covers: the unit in which page tables are allocated. */
export const TABLE_PAGES = 512;
const TABLE_SHIFT = 9;

/**
 * The page table of one process' window: for each virtual page nothing, a pfn with the cache
 * mode it is mapped with, or an anonymous page that a write to a private mapping put there.
 */
export class PageTable {
  protected readonly pfns: Int32Array;
  protected readonly modes: Uint8Array;
  /** Which of the tables beneath the window are there. */
  protected readonly tables: Uint8Array;

  constructor(vpages: PageCount) {
    this.pfns = new Int32Array(vpages).fill(NONE);
    this.modes = new Uint8Array(vpages);
    this.tables = new Uint8Array(((vpages - 1) >> TABLE_SHIFT) + 1);
  }

  /** The pfn that a page maps (follow_pfnmap_start() with a special PTE), or null. */
  pfnAt(at: VirtualPage): Pfn | null {
    const pfn = this.pfns[at] as number;
    return pfn >= 0 ? pfn : null;
  }

  /** The cache mode of a mapped pfn; meaningless where pfnAt() is null. */
  modeAt(at: VirtualPage): PageCacheMode {
    return this.modes[at] as PageCacheMode;
  }

  /** Whether the page was copied on write. */
  isAnon(at: VirtualPage): boolean {
    return this.pfns[at] === ANON;
  }

  isNone(at: VirtualPage): boolean {
    return this.pfns[at] === NONE;
  }

  /** Whether the table that covers a page is there. */
  hasTable(at: VirtualPage): boolean {
    return this.tables[at >> TABLE_SHIFT] === 1;
  }

  /**
   * pte_alloc() for [start, end), which is not empty: returns the first page whose table cannot
   * be had, or `end`.
   */
  allocate(start: VirtualPage, end: VirtualPage, kernel: KernelState): VirtualPage {
    const last = (end - 1) >> TABLE_SHIFT;
    for (let table = start >> TABLE_SHIFT; table <= last; table++) {
      if (this.tables[table] === 1) continue;
      if (kernel.fails("page-table")) return Math.max(start, table << TABLE_SHIFT);
      this.tables[table] = 1;
    }
    return end;
  }

  /** free_pgtables(): frees the tables beneath [start, end) that lie wholly in [floor, ceiling). */
  freeTables(start: VirtualPage, end: VirtualPage, floor: VirtualPage, ceiling: VirtualPage): void {
    const last = (end - 1) >> TABLE_SHIFT;
    for (let table = start >> TABLE_SHIFT; table <= last; table++) {
      const inside = table << TABLE_SHIFT >= floor && (table + 1) << TABLE_SHIFT <= ceiling;
      if (inside) this.tables[table] = 0;
    }
  }

  /** The first page of [start, end) that maps something, or `end`. */
  firstPresent(start: VirtualPage, end: VirtualPage): VirtualPage {
    let at = start;
    while (at < end && this.pfns[at] === NONE) at++;
    return at;
  }

  /** Maps consecutive pfns over [start, end) (remap_p4d_range() and below). */
  remap(start: VirtualPage, end: VirtualPage, pfn: Pfn, mode: PageCacheMode): void {
    for (let at = start; at < end; at++) {
      this.pfns[at] = pfn + (at - start);
      this.modes[at] = mode;
    }
  }

  /** A write to a page of a private mapping replaces the pfn by an anonymous copy. */
  copyOnWrite(at: VirtualPage): void {
    this.pfns[at] = ANON;
  }

  zap(start: VirtualPage, end: VirtualPage): void {
    for (let at = start; at < end; at++) this.pfns[at] = NONE;
  }

  /** Moves the entries of [at, at + pages) to `to` (move_page_tables()); the ranges are disjoint. */
  move(at: VirtualPage, pages: PageCount, to: VirtualPage): void {
    for (let i = 0; i < pages; i++) {
      this.pfns[to + i] = this.pfns[at + i] as number;
      this.modes[to + i] = this.modes[at + i] as number;
      this.pfns[at + i] = NONE;
    }
  }

  /** Copies the entries of [start, end) from another process (copy_page_range()). */
  copyFrom(source: PageTable, start: VirtualPage, end: VirtualPage): void {
    for (let at = start; at < end; at++) {
      this.pfns[at] = source.pfns[at] as number;
      this.modes[at] = source.modes[at] as number;
    }
  }
}
