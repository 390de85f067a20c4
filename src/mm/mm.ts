import type { KernelState } from "../pat/kernelstate.ts";
import type { PfnRanges } from "../pat/pfnmap.ts";
import type { Outcome } from "./errno.ts";
import type { FileMapping } from "./filemapping.ts";
import { PageTable, TABLE_PAGES } from "./pagetable.ts";
import type { MmProfile } from "./profile.ts";
import type { PfnTracking } from "./tracking.ts";
import type { PageCount, VirtualPage } from "./units.ts";
import type { Vma } from "./vma.ts";

/** More VMAs than any window has room for, and still a small integer to the engine. */
export const NO_LIMIT = 1 << 30;

/** What every system call works with besides the process' own address space. */
export interface MmContext {
  readonly profile: MmProfile;
  readonly tracking: PfnTracking;
  readonly ranges: PfnRanges;
  readonly kernel: KernelState;
  /** The mappings of the driver's file. */
  readonly file: FileMapping;
  /** How many pages the region has. */
  readonly pfns: PageCount;
  readonly vpages: PageCount;
  /** How many VMAs of the window the limit leaves room for; NO_LIMIT where there is none. */
  readonly maps: number;
}

/** So many VMAs are moved up or down faster one by one than by the engine's splice(). */
const FEW = 64;

/** The address space of one process: VMAs in address order and the page table beneath them. */
export class Mm {
  readonly vmas: Vma[] = [];
  readonly pageTable: PageTable;
  /** A task that died in a BUG() holds this address space's locks for good. */
  isWedged = false;

  constructor(
    readonly vpages: PageCount,
    Table: typeof PageTable = PageTable,
  ) {
    this.pageTable = new Table(vpages);
  }

  /** Index of the first VMA that ends after `at` (find_vma()); the length where there is none. */
  findIndex(at: VirtualPage): number {
    const { vmas } = this;
    let low = 0;
    // Halves are chosen by arithmetic on the sign: a processor cannot guess which it will be.
    for (let left = vmas.length; left > 0; ) {
      const half = (left + 1) >> 1;
      low += half & (((vmas[low + half - 1] as Vma).end - at - 1) >> 31);
      left -= half;
    }
    return low;
  }

  /** The VMA that contains `at` (vma_lookup()), or null. */
  lookup(at: VirtualPage): Vma | null {
    const vma = this.vmas[this.findIndex(at)];
    return vma !== undefined && vma.start <= at ? vma : null;
  }

  /** Forgets everything, so that the address space can serve another process. */
  clear(): void {
    for (const vma of this.vmas) {
      this.pageTable.zap(vma.start, vma.end);
      this.pageTable.freeTables(vma.start, vma.end, 0, this.vpages + TABLE_PAGES);
    }
    this.remove(0, this.vmas.length);
  }

  insert(vma: Vma): void {
    const { vmas } = this;
    vma.isLinked = true;
    let i = vmas.length;
    if (i > FEW) {
      vmas.splice(this.findIndex(vma.start), 0, vma);
      return;
    }
    vmas.push(vma);
    for (; i > 0 && (vmas[i - 1] as Vma).start > vma.start; i--) vmas[i] = vmas[i - 1] as Vma;
    vmas[i] = vma;
  }

  /** Drops vmas[first, last). */
  remove(first: number, last: number): void {
    const { vmas } = this;
    for (let i = first; i < last; i++) (vmas[i] as Vma).isLinked = false;
    if (vmas.length - last > FEW) {
      vmas.splice(first, last - first);
      return;
    }
    let to = first;
    for (let from = last; from < vmas.length; from++) vmas[to++] = vmas[from] as Vma;
    while (vmas.length > to) vmas.pop();
  }
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
  if (kernel.fails("vma")) return "ENOMEM";
  const upper = vma.copy(at, vma.end, vma.pfn + (at - vma.start));
  tracking.dup(upper, vma, "split");
  if (kernel.fails("vma-setup")) {
    tracking.free(upper);
    return "ENOMEM";
  }
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
  const { vmas } = mm;
  let at = mm.findIndex(start);
  const first = vmas[at];
  if (first === undefined || first.start >= end) return null;
  if (first.start < start) {
    if (vmas.length >= context.maps) return "ENOMEM";
    const error = splitVma(context, mm, first, start);
    if (error !== null) return error;
    at++;
  }
  for (; at < vmas.length; at++) {
    const vma = vmas[at] as Vma;
    if (vma.start >= end) return null;
    if (vma.end <= end) continue;
    return vmas.length >= context.maps ? "ENOMEM" : splitVma(context, mm, vma, end);
  }
  return null;
}
