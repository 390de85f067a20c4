import type { PageCacheMode } from "./cachemode.ts";

interface Pages {
  readonly start: number;
  readonly end: number;
}

/** Pages in the kernel's own page table. */
interface MappedPages extends Pages {
  readonly mode: PageCacheMode;
}

/** Ranges without the pages of one. */
function without<T extends Pages>(ranges: readonly T[], { start, end }: Pages): T[] {
  return ranges
    .flatMap((it) => [
      { ...it, end: Math.min(it.end, start) },
      { ...it, start: Math.max(it.start, end) },
    ])
    .filter((it) => it.start < it.end);
}

/** What memremap_pages() leaves in a kernel beside reservations (mm/memremap.c, arch/x86/mm/init_64.c, 6.1 to 7.3). */
export class AddedPages {
  /** Of two for one page the earlier holds. */
  private mapped: readonly MappedPages[] = [];
  private known: readonly Pages[] = [];

  /** Keeps all of it; returns what puts it back. */
  keep(): () => void {
    const { mapped, known } = this;
    return () => {
      this.mapped = mapped;
      this.known = known;
    };
  }

  clear(): void {
    this.mapped = [];
    this.known = [];
  }

  /** Whether the kernel knows of a page that it was added (pgmap_array). */
  knows(pfn: number): boolean {
    return this.known.some((it) => it.start <= pfn && pfn < it.end);
  }

  /** The kernel notes that pages were added, or that they were not, whoever else had them. */
  learn(pages: Pages, isAdded: boolean): void {
    this.known = without(this.known, pages);
    if (isAdded) this.known = [...this.known, pages];
  }

  /** Whether all pages of a range are in the kernel's own page table. */
  isMapped(start: number, end: number): boolean {
    let page = start;
    while (page < end) {
      const there = this.mappedAt(page);
      if (there === null) return false;
      page = there.end;
    }
    return true;
  }

  /** Maps what is not there; returns the mode of the first page. */
  map(start: number, end: number, mode: PageCacheMode): PageCacheMode {
    this.mapped = [...this.mapped, { start, end, mode }];
    return this.mappedAt(start)?.mode ?? mode;
  }

  /** kernel_physical_mapping_remove() (arch_remove_memory()), and the kernel knows of the pages no more. */
  remove(pages: Pages): void {
    this.mapped = without(this.mapped, pages);
    this.known = without(this.known, pages);
  }

  private mappedAt(page: number): MappedPages | null {
    return this.mapped.find((it) => it.start <= page && page < it.end) ?? null;
  }
}
