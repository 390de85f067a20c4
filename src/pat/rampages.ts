import { type PageCacheMode, UC, UC_MINUS, WB, WP } from "./cachemode.ts";
import type { PatEvent } from "./events.ts";
import type { KernelState } from "./kernelstate.ts";

/**
 * RAM has pfns of its own, far above every region's: RAM page n is pfn RAM_START + n. A range
 * lies wholly in the region or wholly in RAM.
 */
export const RAM_START = 1 << 20;

export function isRam(pfn: number): boolean {
  return pfn >= RAM_START;
}

/** A range of RAM as messages name it: in pages of RAM. */
export function ramRange(start: number, end: number): { start: number; end: number } {
  return { start: start - RAM_START, end: end - RAM_START };
}

/** Pages of RAM [start, end), counted in pages of RAM, that have one mode. */
export interface RamRun {
  readonly start: number;
  end: number;
  readonly mode: PageCacheMode;
}

/**
 * The cache modes of RAM pages, kept in page flags (get_page_memtype(), set_page_memtype(),
 * 6.1 to 7.3; whole): write-back unless set_memory_*(), or an ioremap() of parts of pages, said otherwise. There is no reservation
 * and no count of mappings.
 */
export class RamPages {
  private readonly modes = new Map<number, PageCacheMode>();

  constructor(
    private readonly log: PatEvent[],
    private readonly kernel: KernelState,
  ) {}

  modeOf(pfn: number): PageCacheMode {
    return this.modes.get(pfn) ?? WB;
  }

  /** Runs of pages that are not write-back, in order and in pages of RAM. */
  runs(): RamRun[] {
    const runs: RamRun[] = [];
    for (const [pfn, mode] of [...this.modes].sort(([a], [b]) => a - b)) {
      const start = pfn - RAM_START;
      const last = runs.at(-1);
      if (last?.end === start && last.mode === mode) last.end++;
      else runs.push({ start, end: start + 1, mode });
    }
    return runs;
  }

  /** reserve_ram_pages_type(): every page must be write-back still. */
  reserve(start: number, end: number, asked: PageCacheMode): "EBUSY" | "EINVAL" | null {
    if (asked === WP) return "EINVAL";
    const request = asked === UC ? UC_MINUS : asked;
    if (asked === UC) this.kernel.warnOnce("arch/x86/mm/pat/memtype.c memtype_reserve");
    for (let pfn = start; pfn < end; pfn++) {
      const track = this.modeOf(pfn);
      if (track === WB) continue;
      this.log.push({ kind: "ram-busy", ...ramRange(start, end), track, request });
      return "EBUSY";
    }
    if (request === WB) return null;
    for (let pfn = start; pfn < end; pfn++) this.modes.set(pfn, request);
    return null;
  }

  /** free_ram_pages_type(). */
  free(start: number, end: number): void {
    for (let pfn = start; pfn < end; pfn++) this.modes.delete(pfn);
  }

  /** Keeps all modes; returns what puts them back. */
  keep(): () => void {
    const modes = [...this.modes];
    return () => {
      this.clear();
      for (const [pfn, mode] of modes) this.modes.set(pfn, mode);
    };
  }

  /** All pages are write-back again, as after a reboot. */
  clear(): void {
    if (this.modes.size > 0) this.modes.clear();
  }
}
