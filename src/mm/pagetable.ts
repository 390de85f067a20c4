import type { PageCacheMode } from "../pat/cachemode.ts";
import type { PageCount, Pfn, VirtualPage } from "./units.ts";

const NONE = -1;
const ANON = -2;

/**
 * The page table of one process' window: for each virtual page nothing, a pfn with the cache
 * mode it is mapped with, or an anonymous page that a write to a private mapping put there.
 */
export class PageTable {
  private readonly pfns: Int32Array;
  private readonly modes: Uint8Array;

  constructor(vpages: PageCount) {
    this.pfns = new Int32Array(vpages).fill(NONE);
    this.modes = new Uint8Array(vpages);
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
