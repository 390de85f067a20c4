import type { Outcome } from "./errno.ts";
import { type Mm, type MmContext, splitAround } from "./mm.ts";
import type { PageCount, VirtualPage } from "./units.ts";
import type { Vma } from "./vma.ts";

/** Takes the VMAs of [start, end) out of the list, cut to the range (vms_gather_munmap_vmas()). */
export function gatherVmas(
  context: MmContext,
  mm: Mm,
  start: VirtualPage,
  end: VirtualPage,
): Vma[] {
  splitAround(context, mm, start, end);
  const first = mm.findIndex(start);
  return mm.vmas.splice(first, mm.findIndex(end) - first);
}

/** unmap_vmas(): VMA by VMA in address order, the tracking hears of it before the pages go. */
export function clearVmas(context: MmContext, mm: Mm, vmas: readonly Vma[]): void {
  for (const vma of vmas) {
    context.tracking.unmap(mm, vma);
    mm.pageTable.zap(vma.start, vma.end);
  }
}

/** remove_vma() and vm_area_free() for each, in address order. */
export function freeVmas(context: MmContext, vmas: readonly Vma[]): void {
  for (const vma of vmas) context.tracking.free(vma);
}

/** munmap(): never fails here; a range that maps nothing is fine (do_vmi_munmap(), whole). */
export function munmap(context: MmContext, mm: Mm, at: VirtualPage, pages: PageCount): Outcome {
  const vmas = gatherVmas(context, mm, at, at + pages);
  clearVmas(context, mm, vmas);
  freeVmas(context, vmas);
  return null;
}

/** exit_mmap(): all VMAs are unmapped first, then all are freed. */
export function exitMmap(context: MmContext, mm: Mm): void {
  munmap(context, mm, 0, mm.vpages);
}
