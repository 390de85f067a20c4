import { broken } from "../pat/invariant.ts";
import type { KernelState } from "../pat/kernelstate.ts";
import type { MappedPages } from "../pat/mappedpages.ts";
import { PageSet } from "../pat/pageset.ts";
import type { PfnRanges } from "../pat/pfnmap.ts";
import type { Outcome } from "./errno.ts";
import type { FileMapping } from "./filemapping.ts";
import { PageTable, TABLE_PAGES } from "./pagetable.ts";
import type { MmProfile } from "./profile.ts";
import type { DupReason, PfnTracking } from "./tracking.ts";
import type { PageCount, VirtualPage } from "./units.ts";
import type { Vma, VmaPool } from "./vma.ts";

/** More VMAs than any window has room for, and still a small integer to the engine. */
export const NO_LIMIT = 1 << 30;

/** What every system call works with besides the process' own address space. */
export interface MmContext {
  readonly profile: MmProfile;
  tracking: PfnTracking;
  readonly ranges: PfnRanges;
  readonly kernel: KernelState;
  /** The mappings of the driver's file. */
  readonly file: FileMapping;
  /** Where VMAs come from. */
  readonly pool: VmaPool;
  /** How many pages each region has. */
  readonly regions: readonly PageCount[];
  readonly vpages: PageCount;
  /** How many VMAs of the window the limit leaves room for; NO_LIMIT where there is none. */
  readonly maps: number;
}

/** Records of which the array is kept when they are let go: one whose length is set gives it back. */
export class Gathered<T> {
  count = 0;
  readonly items: T[] = [];

  push(item: T): void {
    this.items[this.count++] = item;
  }

  clear(): void {
    this.count = 0;
  }
}

/**
 * The address space of one process: its VMAs, which lie apart, and the page table beneath them. A
 * set holds where VMAs begin, so that one is found, put in and taken out in the same time however
 * many there are.
 */
export class Mm {
  readonly pageTable: PageTable;
  /** Where the window ends. */
  readonly end: VirtualPage;
  /** What is about to be unmapped. */
  readonly gathered = new Gathered<Vma>();
  /** A task that died in a BUG() holds this address space's locks for good. */
  isWedged = false;
  private readonly starts: PageSet;
  private readonly byStart: (Vma | null)[] = [];
  private linked = 0;

  constructor(
    readonly vpages: PageCount,
    Table: typeof PageTable = PageTable,
    mapped?: MappedPages,
  ) {
    this.end = 0 + vpages;
    this.pageTable = new Table(vpages, mapped);
    this.starts = new PageSet(vpages);
    while (this.byStart.length < vpages) this.byStart.push(null);
  }

  /** How many VMAs there are. */
  get count(): number {
    return this.linked;
  }

  /** The VMAs in address order, in a list of their own. */
  get vmas(): Vma[] {
    const vmas: Vma[] = [];
    for (let vma = this.find(0); vma !== null; vma = this.after(vma)) vmas.push(vma);
    return vmas;
  }

  /** The first VMA that ends after `at` (find_vma()), or null. */
  find(at: VirtualPage): Vma | null {
    const start = this.starts.last(at);
    if (start >= 0) {
      const vma = this.byStart[start] as Vma;
      if (vma.end > at) return vma;
    }
    return this.startingFrom(at + 1);
  }

  /** The VMA that contains `at` (vma_lookup()), or null. */
  lookup(at: VirtualPage): Vma | null {
    const start = this.starts.last(at);
    if (start < 0) return null;
    const vma = this.byStart[start] as Vma;
    return vma.end > at ? vma : null;
  }

  /** The next VMA by address, or null; `vma` may have been taken out. */
  after(vma: Vma): Vma | null {
    return this.startingFrom(vma.end);
  }

  /** Where the VMA below `at` ends, or 0; `at` lies in none. */
  endBelow(at: VirtualPage): VirtualPage {
    const start = this.starts.last(at - 1);
    return start < 0 ? 0 : (this.byStart[start] as Vma).end;
  }

  /** Forgets everything, so that the address space can serve another process. */
  clear(): void {
    for (let vma = this.find(0); vma !== null; vma = this.after(vma)) {
      this.pageTable.zap(vma.start, vma.end);
      this.remove(vma);
    }
    this.pageTable.dropTables();
  }

  /** Keeps VMAs and page table; returns what puts them back, into an empty window of this size. */
  keep(): (mm: Mm) => void {
    const vmas = this.vmas.map((vma) => {
      const fields = vma.keep();
      const pages = this.pageTable.keep(vma.start, vma.end);
      return { vma, fields, pages };
    });
    const tables = this.pageTable.keepTables();
    return (mm) => {
      for (const { vma, fields, pages } of vmas) {
        fields();
        mm.insert(vma);
        pages(mm.pageTable);
      }
      tables(mm.pageTable);
    };
  }

  /** Links a VMA, which must lie inside the window and apart from every other. */
  insert(vma: Vma): void {
    const { start, end } = vma;
    if (!(start >= 0 && start < end && end <= this.vpages)) {
      broken(`the VMA [${start},${end}) is not inside the window`);
    }
    const next = this.find(start);
    if (next !== null && next.start < end) {
      broken(`the VMA [${start},${end}) meets [${next.start},${next.end})`);
    }
    this.starts.add(start);
    this.byStart[start] = vma;
    this.linked++;
    vma.isLinked = true;
  }

  /** Unlinks a VMA. */
  remove(vma: Vma): void {
    const { start } = vma;
    if (this.byStart[start] !== vma) broken(`no VMA [${start},${vma.end}) is linked`);
    this.starts.delete(start);
    this.byStart[start] = null;
    this.linked--;
    vma.isLinked = false;
  }

  /** What is wrong with the window, in a few words, or null: a look at every page of it. */
  fault(): string | null {
    const { pageTable } = this;
    let [last, count] = [0, 0];
    for (const { start, end } of this.vmas) {
      if (start < last || start >= end || end > this.vpages) {
        return `VMA [${start},${end}) is misplaced`;
      }
      const stray = pageTable.firstPresent(last, start);
      if (stray < start) return `page ${stray} is mapped outside every VMA`;
      for (let at = pageTable.firstPresent(start, end); at < end; ) {
        if (!pageTable.hasTable(at) && !pageTable.isLarge(at)) return `page ${at} has no table`;
        if (pageTable.isLarge(at) && !isAround(at, start, end))
          return `a VMA ends in the piece of ${at}`;
        at = pageTable.firstPresent(at + 1, end);
      }
      last = end;
      count++;
    }
    const stray = pageTable.firstPresent(last, this.end);
    if (stray < this.end) return `page ${stray} is mapped outside every VMA`;
    return count === this.count ? null : `there are ${count} VMAs, not ${this.count}`;
  }

  private startingFrom(at: VirtualPage): Vma | null {
    const start = this.starts.next(at);
    return start < 0 ? null : (this.byStart[start] as Vma);
  }
}

/** Whether [start, end) holds all that a table would cover around a page. */
export function isAround(at: VirtualPage, start: VirtualPage, end: VirtualPage): boolean {
  const first = at - (at % TABLE_PAGES);
  return start <= first && first + TABLE_PAGES <= end;
}

/**
 * vm_area_dup(): has the tracking take a copy on; false where it refuses, and the copy is no more.
 * No hook of the tracking is called for anonymous memory.
 */
export function dupTracking(
  { kernel, tracking }: MmContext,
  copy: Vma,
  original: Vma,
  reason: DupReason,
): boolean {
  if (original.isAnon) return true;
  return !kernel.countDuplicate((tracking.dup(copy, original, reason) ?? null) !== null);
}

/**
 * __split_vma(): cuts a VMA in two at `at`, which lies inside it; ENOMEM where it cannot, and
 * then nothing has changed. The limit on VMAs is its callers' affair. Which half is the new one
 * makes no difference to either design: both hold what the whole held.
 *
 *     |-----------vma-----------|  ->  |---vma---|----upper----|
 *               at                               at
 */
export function splitVma(context: MmContext, mm: Mm, vma: Vma, at: VirtualPage): Outcome {
  const { kernel, tracking } = context;
  if (!(vma.start < at && at < vma.end)) broken(`${at} is not inside [${vma.start},${vma.end})`);
  if (kernel.fails("vma")) return "ENOMEM";
  const upper = context.pool.copyOf(vma, at, vma.end, vma.pfn + (at - vma.start));
  if (!dupTracking(context, upper, vma, "split")) return "ENOMEM";
  if (kernel.fails("vma-setup")) {
    if (!upper.isAnon) tracking.free(upper);
    return "ENOMEM";
  }
  // vma_adjust_trans_huge()
  if (at % TABLE_PAGES !== 0) mm.pageTable.dropLarge(at);
  vma.end = at;
  mm.insert(upper);
  vma.order = kernel.linkOrder();
  upper.order = kernel.linkOrder();
  if (upper.device !== null) {
    context.file.insert(mm, upper);
    context.file.reinsert(mm, vma);
  }
  return null;
}

/**
 * Cuts VMAs at both ends of [start, end), so that each lies wholly inside or outside. The lower
 * end comes first; where the upper one fails, that cut stays. A process that has all the VMAs it
 * may have cannot cut one (split_vma()).
 */
export function splitAround(
  context: MmContext,
  mm: Mm,
  start: VirtualPage,
  end: VirtualPage,
): Outcome {
  const error = splitInside(context, mm, start);
  return error ?? splitInside(context, mm, end);
}

/** Cuts the VMA that `at` lies inside, if there is one that begins before it. */
function splitInside(context: MmContext, mm: Mm, at: VirtualPage): Outcome {
  const vma = mm.lookup(at);
  if (vma === null || vma.start === at) return null;
  return mm.count >= context.maps ? "ENOMEM" : splitVma(context, mm, vma, at);
}
