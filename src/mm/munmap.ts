import type { Outcome } from "./errno.ts";
import { type Mm, type MmContext, splitAround } from "./mm.ts";
import type { PageCount, VirtualPage } from "./units.ts";
import type { Vma } from "./vma.ts";

/**
 * unmap_vmas() over mm.vmas[first, last): VMA by VMA in address order, the tracking hears of it
 * before the pages go.
 */
export function clearVmas(context: MmContext, mm: Mm, first: number, last: number): void {
  for (let i = first; i < last; i++) {
    const vma = mm.vmas[i] as Vma;
    context.tracking.unmap(mm, vma);
    mm.pageTable.zap(vma.start, vma.end);
  }
}

/** remove_vma() and vm_area_free() for mm.vmas[first, last), in address order. */
export function freeVmas(context: MmContext, mm: Mm, first: number, last: number): void {
  for (let i = first; i < last; i++) context.tracking.free(mm.vmas[i] as Vma);
  mm.remove(first, last);
}

/** munmap(): never fails here; a range that maps nothing is fine (do_vmi_munmap(), whole). */
export function munmap(context: MmContext, mm: Mm, at: VirtualPage, pages: PageCount): Outcome {
  const end = at + pages;
  splitAround(context, mm, at, end);
  const first = mm.findIndex(at);
  const last = mm.findIndex(end);
  clearVmas(context, mm, first, last);
  freeVmas(context, mm, first, last);
  return null;
}

/** exit_mmap(): all VMAs are unmapped first, then all are freed. */
export function exitMmap(context: MmContext, mm: Mm): void {
  clearVmas(context, mm, 0, mm.vmas.length);
  freeVmas(context, mm, 0, mm.vmas.length);
}
