import { AddedPages } from "./addedpages.ts";
import { type PageCacheMode, UC, UC_MINUS, WB, WC, WT } from "./cachemode.ts";
import type { KernelState } from "./kernelstate.ts";
import type { MemtypeList, ModeRef } from "./memtype.ts";
import type { PfnRanges } from "./pfnmap.ts";
import { isRam, type RamPages } from "./rampages.ts";

/** Why the kernel could not map a range for itself. */
export type KernelMapError = "EBUSY" | "EEXIST" | "EINVAL" | "ENOMEM" | "ENXIO" | null;

/** A range that the kernel has mapped for itself, and the mode it got. */
export interface KernelMap {
  readonly via: "ioremap" | "memremap" | "memremap-pages";
  readonly slot: number;
  readonly start: number;
  readonly end: number;
  readonly mode: PageCacheMode;
}

/** memremap_pages() adds memory in pieces of 2 MiB. */
const SUBSECTION_PAGES = 512;

const isWholeSubsections = (start: number, end: number) =>
  start % SUBSECTION_PAGES === 0 && end % SUBSECTION_PAGES === 0;

const granted: ModeRef = { mode: 0 };

/**
 * The kernel's own users of the memtype list, which both designs leave alone (6.1 to 7.2). A slot
 * stands for the pointer that a caller keeps; each `via` has slots of its own.
 */
export class KernelMaps {
  /** What is mapped, in order of mapping. */
  readonly live: KernelMap[] = [];
  private readonly added = new AddedPages();

  constructor(
    private readonly memtype: MemtypeList,
    private readonly ranges: PfnRanges,
    private readonly kernel: KernelState,
  ) {}

  /** The modes of RAM pages, which set_memory_*() changes. */
  get ram(): RamPages {
    return this.ranges.ram;
  }

  /** Keeps what is mapped; returns what puts it back. */
  keep(): () => void {
    const live = [...this.live];
    const putBack = this.added.keep();
    return () => {
      this.clear();
      for (const map of live) this.live.push(map);
      putBack();
    };
  }

  clear(): void {
    while (this.live.length > 0) this.live.pop();
    this.added.clear();
  }

  /**
   * ioremap() and its kin (__ioremap_caller(); whole but for SEV): the mode of an overlapping
   * reservation is adopted unless that pair is refused. A caller sees no more than a null pointer,
   * which stands here as ENOMEM; so does a slot that is taken, as EBUSY. `isInset`: the range begins behind the start of
   * its first page, and ends before the end of its last.
   */
  ioremap(
    slot: number,
    start: number,
    end: number,
    wanted: PageCacheMode,
    isInset = false,
  ): KernelMapError {
    if (this.find("ioremap", slot) !== null) return "EBUSY";
    const wholePages = end - start - (isInset ? 2 : 0);
    if (isRam(start) && wholePages <= 0) return this.mapPartsOfRam(slot, start, end, wanted);
    return this.mapIo("ioremap", slot, start, end, wanted);
  }

  /**
   * memremap(): as ioremap(), except that RAM asked for write-back is already mapped, and needs no
   * reservation; set_memory_*() may have given its first page another mode, which is told of all.
   */
  memremap(slot: number, start: number, end: number, wanted: PageCacheMode): KernelMapError {
    if (this.find("memremap", slot) !== null) return "EBUSY";
    if (!isRam(start)) return this.mapIo("memremap", slot, start, end, wanted);
    if (wanted === WB) {
      this.live.push({ via: "memremap", slot, start, end, mode: this.ram.modeOf(start) });
      return null;
    }
    this.kernel.warnOnce("memremap: attempted on RAM");
    return "ENOMEM";
  }

  /**
   * __ioremap_check_ram() looks at whole pages alone (6.1 to 7.3): of RAM that has none in the range nobody says that it is
   * RAM, and memtype_reserve() gives its pages the mode.
   */
  private mapPartsOfRam(
    slot: number,
    start: number,
    end: number,
    wanted: PageCacheMode,
  ): KernelMapError {
    const { hasPat } = this.kernel;
    if (hasPat && this.reserveRam(start, end, wanted) !== null) return "ENOMEM";
    const mode = this.ram.modeOf(start);
    if (this.kernel.fails("kernel-area")) {
      this.ram.free(start, end);
      return "ENOMEM";
    }
    this.live.push({ via: "ioremap", slot, start, end, mode });
    return null;
  }

  private mapIo(
    via: "ioremap" | "memremap",
    slot: number,
    start: number,
    end: number,
    wanted: PageCacheMode,
  ): KernelMapError {
    if (!this.enterIo(start, end, wanted)) return "ENOMEM";
    this.live.push({ via, slot, start, end, mode: granted.mode });
    return null;
  }

  /** __ioremap_caller(): false where the caller gets a null pointer. */
  private enterIo(start: number, end: number, wanted: PageCacheMode): boolean {
    if (isRam(start)) {
      this.kernel.warnOnce("arch/x86/mm/ioremap.c __ioremap_caller");
      return false;
    }
    if (this.reserveIo(start, end, wanted) !== null) return false;
    if (!this.kernel.fails("kernel-area")) return true;
    this.memtype.free(start, end);
    return false;
  }

  /** ioremap_prot() of one page and iounmap() of it again; false where it could not be mapped. */
  mapsForRead(pfn: number, wanted: PageCacheMode): boolean {
    if (!this.enterIo(pfn, pfn + 1, wanted)) return false;
    this.memtype.free(pfn, pfn + 1);
    return true;
  }

  /** memtype_reserve() with the check that every user but remap_pfn_range() makes itself. */
  private reserveIo(start: number, end: number, wanted: PageCacheMode): KernelMapError {
    const error = this.memtype.reserve(start, end, wanted, granted);
    if (error !== null) return error;
    const { mode } = granted;
    if (mode === wanted || this.memtype.allows(start, end, wanted, mode)) return null;
    this.memtype.free(start, end);
    this.memtype.tellTakenBack("refused-pair");
    return "EBUSY";
  }

  /**
   * memremap_pages() (pagemap_range(), 6.1 to 7.3; reduced to one range): tracked without a VMA,
   * write-back, or uncached-minus for PCI peer-to-peer memory; errors are passed up as they are.
   * Whether the pages are there already is asked of the first and the last; what fails beyond that
   * makes the kernel forget that it knows of those between, too.
   */
  memremapPages(slot: number, start: number, end: number, isP2pdma: boolean): KernelMapError {
    if (this.find("memremap-pages", slot) !== null) return "EBUSY";
    if (this.added.knows(start) || this.added.knows(end - 1)) {
      this.kernel.warn("memremap_pages: conflicting mapping in the same section");
      return "ENOMEM";
    }
    if (isRam(start)) {
      this.kernel.warnOnce("memremap_pages: attempted on RAM");
      return "ENXIO";
    }
    const error = this.addRange(slot, start, end, isP2pdma ? UC_MINUS : WB);
    this.added.learn({ start, end }, error === null);
    return error;
  }

  private addRange(slot: number, start: number, end: number, wanted: PageCacheMode) {
    const error = this.ranges.track(start, end, wanted, false, granted);
    if (error !== null) return error;
    const mode = this.mapAdded(start, end, granted.mode);
    const added = this.addMemory(start, end);
    if (added === null) this.live.push({ via: "memremap-pages", slot, start, end, mode });
    else this.ranges.untrack(start, end);
    return added;
  }

  /**
   * init_memory_mapping(), ahead of what may fail (arch_add_memory(), 6.1 to 7.3): nobody takes the pages out of the
   * page table again if it does, and what is there already keeps its mode the next time. Returns that of the first page.
   */
  private mapAdded(start: number, end: number, mode: PageCacheMode): PageCacheMode {
    const { added } = this;
    return added.map(
      start,
      end,
      added.isMapped(start, end) ? mode : this.addedMode(start, end, mode),
    );
  }

  /**
   * prot_sethuge() in phys_pmd_init() (6.1 to 7.3, seen on 6.12.117 and 7.2.13): the kernel maps what is added by large
   * pages, which have another bit where write-through has its third one. It warns, and what is left means uncached.
   */
  private addedMode(start: number, end: number, mode: PageCacheMode): PageCacheMode {
    if (mode !== WT || !isWholeSubsections(start, end)) return mode;
    this.kernel.warnOnce("phys_pmd_init: the mode has a bit that large pages have elsewhere");
    return UC;
  }

  /** arch_add_memory(): add_pages() warns, once, of whatever __add_pages() returns. */
  private addMemory(start: number, end: number): KernelMapError {
    const error = this.addPages(start, end);
    if (error !== null) this.kernel.warnOnce("add_pages: the memory map could not be added");
    return error;
  }

  /** __add_pages(): whole subsections only, none of which is there yet, and a memory map for each. */
  private addPages(start: number, end: number): KernelMapError {
    if (!isWholeSubsections(start, end)) {
      this.kernel.warn("__add_pages: misaligned");
      return "EINVAL";
    }
    const isAdded = (it: KernelMap) =>
      it.via === "memremap-pages" && it.start < end && start < it.end;
    if (this.live.some(isAdded)) return "EEXIST";
    return this.kernel.fails("kernel-area") ? "ENOMEM" : null;
  }

  /** iounmap(), memunmap() or memunmap_pages(); EINVAL where the slot is empty. */
  unmap(via: KernelMap["via"], slot: number): KernelMapError {
    const map = this.find(via, slot);
    if (map === null) return "EINVAL";
    this.live.splice(this.live.indexOf(map), 1);
    if (via === "memremap-pages") this.added.remove(map);
    if (via === "ioremap" && isRam(map.start)) this.ram.free(map.start, map.end);
    else this.ranges.untrack(map.start, map.end);
    return null;
  }

  /** arch_io_reserve_memtype_wc(). */
  reserveWc(start: number, end: number): KernelMapError {
    return this.reserveIo(start, end, WC);
  }

  /** arch_io_free_memtype_wc(): whatever range the caller names. */
  freeWc(start: number, end: number): void {
    this.memtype.free(start, end);
  }

  /**
   * set_memory_wc(), set_memory_uc() (which asks for uncached-minus) and set_memory_wb(), on the
   * kernel's own mapping of RAM, or of pages that memremap_pages() has added. No mode is
   * substituted; write-back gives up what was reserved.
   */
  setMemory(start: number, end: number, wanted: PageCacheMode): KernelMapError {
    const { ram } = this.ranges;
    if (isRam(start)) {
      if (!this.kernel.hasPat) return null;
      if (wanted !== WB) return this.reserveRam(start, end, wanted);
      ram.free(start, end);
      return null;
    }
    const added = this.live.some(
      (m) => m.via === "memremap-pages" && m.start <= start && end <= m.end,
    );
    if (!added) return "EINVAL";
    if (wanted !== WB) return this.memtype.reserveExact(start, end, wanted);
    this.memtype.free(start, end);
    return null;
  }

  private reserveRam(start: number, end: number, wanted: PageCacheMode): KernelMapError {
    const error = this.ranges.ram.reserve(start, end, wanted);
    this.ranges.tellLookup(start, end, wanted, error === null ? wanted : null);
    return error;
  }

  private find(via: KernelMap["via"], slot: number): KernelMap | null {
    return this.live.find((map) => map.via === via && map.slot === slot) ?? null;
  }
}
