import { PageTable } from "./pagetable.ts";
import type { MmProfile } from "./profile.ts";
import type { PfnTracking } from "./tracking.ts";
import type { PageCount, VirtualPage } from "./units.ts";
import type { Vma } from "./vma.ts";

/** What every system call works with besides the process' own address space. */
export interface MmContext {
  readonly profile: MmProfile;
  readonly tracking: PfnTracking;
  readonly vpages: PageCount;
}

/** The address space of one process: VMAs in address order and the page table beneath them. */
export class Mm {
  readonly vmas: Vma[] = [];
  readonly pageTable: PageTable;

  constructor(readonly vpages: PageCount) {
    this.pageTable = new PageTable(vpages);
  }

  /** Index of the first VMA that ends after `at` (find_vma()); the length where there is none. */
  findIndex(at: VirtualPage): number {
    let low = 0;
    let high = this.vmas.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.vmas[middle] as Vma).end <= at) low = middle + 1;
      else high = middle;
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
    for (const vma of this.vmas) this.pageTable.zap(vma.start, vma.end);
    this.remove(0, this.vmas.length);
  }

  insert(vma: Vma): void {
    const { vmas } = this;
    let i = vmas.length;
    vmas.push(vma);
    for (; i > 0 && (vmas[i - 1] as Vma).start > vma.start; i--) vmas[i] = vmas[i - 1] as Vma;
    vmas[i] = vma;
  }

  /** Drops vmas[first, last). */
  remove(first: number, last: number): void {
    const { vmas } = this;
    let to = first;
    for (let from = last; from < vmas.length; from++) vmas[to++] = vmas[from] as Vma;
    while (vmas.length > to) vmas.pop();
  }
}

/**
 * __split_vma(): cuts a VMA in two at `at`, which lies inside it, and returns the new upper half.
 * Which half is the new one makes no difference to either design: both hold what the whole held.
 *
 *     |-----------vma-----------|  ->  |---vma---|----upper----|
 *               at                               at
 */
export function splitVma(context: MmContext, mm: Mm, vma: Vma, at: VirtualPage): Vma {
  const upper = vma.copy(at, vma.end, vma.pfn + (at - vma.start));
  context.tracking.dup(upper, vma, "split");
  vma.end = at;
  mm.insert(upper);
  return upper;
}

/** Cuts VMAs at both ends of [start, end), so that each lies wholly inside or outside. */
export function splitAround(
  context: MmContext,
  mm: Mm,
  start: VirtualPage,
  end: VirtualPage,
): void {
  const first = mm.lookup(start);
  if (first !== null && first.start < start) splitVma(context, mm, first, start);
  const last = mm.lookup(end);
  if (last !== null && last.start < end) splitVma(context, mm, last, end);
}
