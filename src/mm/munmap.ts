import type { Outcome } from "./errno.ts";
import { type Mm, type MmContext, splitVma } from "./mm.ts";
import { TABLE_PAGES } from "./pagetable.ts";
import type { PageCount, VirtualPage } from "./units.ts";
import type { Vma } from "./vma.ts";

/**
 * unmap_vmas() over mm.vmas[first, last): VMA by VMA in address order, the tracking hears of it
 * before the pages go; then free_pgtables().
 */
export function clearVmas(context: MmContext, mm: Mm, first: number, last: number): void {
  if (first === last) return;
  for (let i = first; i < last; i++) {
    const vma = mm.vmas[i] as Vma;
    context.tracking.unmap(mm, vma, "unmap");
    mm.pageTable.zap(vma.start, vma.end);
  }
  freeTables(mm, first, last);
}

/** remove_vma() and vm_area_free() for mm.vmas[first, last), in address order. */
export function freeVmas(context: MmContext, mm: Mm, first: number, last: number): void {
  for (let i = first; i < last; i++) {
    const vma = mm.vmas[i] as Vma;
    if (vma.device !== null) context.file.remove(vma);
    context.tracking.free(vma);
  }
  mm.remove(first, last);
}

/** free_pgtables() for mm.vmas[first, last): a table goes with the last VMA above it. */
function freeTables(mm: Mm, first: number, last: number): void {
  const { vmas, pageTable } = mm;
  const floor = first === 0 ? 0 : (vmas[first - 1] as Vma).end;
  const ceiling = last < vmas.length ? (vmas[last] as Vma).start : mm.vpages + TABLE_PAGES;
  const start = (vmas[first] as Vma).start;
  pageTable.freeTables(start, (vmas[last - 1] as Vma).end, floor, ceiling);
}

/**
 * vms_gather_munmap_vmas() (do_mas_align_munmap() in 6.1): cuts VMAs at both ends of [start, end)
 * and looks for what may not go. EPERM at a sealed VMA, ENOMEM where one cannot be split; then
 * nothing is unmapped, but a first split stays.
 */
export function gatherVmas(
  context: MmContext,
  mm: Mm,
  start: VirtualPage,
  end: VirtualPage,
): Outcome {
  const { vmas } = mm;
  let index = mm.findIndex(start);
  const first = vmas[index];
  if (first !== undefined && first.start < start) {
    // Only a hole in the middle leaves one VMA more than there were.
    if (end < first.end && vmas.length >= context.maps) return "ENOMEM";
    if (first.sealed) return "EPERM";
    const error = splitVma(context, mm, first, start);
    if (error !== null) return error;
    index++;
  }
  for (; index < vmas.length; index++) {
    const vma = vmas[index] as Vma;
    if (vma.start >= end) return null;
    if (vma.sealed) return "EPERM";
    if (vma.end > end) return splitVma(context, mm, vma, end);
  }
  return null;
}

/** munmap() (do_vmi_munmap(), whole): a range that maps nothing is fine. */
export function munmap(context: MmContext, mm: Mm, at: VirtualPage, pages: PageCount): Outcome {
  const end = at + pages;
  const error = gatherVmas(context, mm, at, end);
  if (error !== null) return error;
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
