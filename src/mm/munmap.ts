import type { Outcome } from "./errno.ts";
import { type Mm, type MmContext, splitVma } from "./mm.ts";
import { TABLE_PAGES } from "./pagetable.ts";
import type { PageCount, VirtualPage } from "./units.ts";
import type { Vma } from "./vma.ts";
import { VM_SEALED } from "./vmaflags.ts";
import { lookAtPages } from "./zap.ts";

/** The VMAs of [start, end) go to mm.gathered, in address order; none may reach over either end. */
export function gatherInside(mm: Mm, start: VirtualPage, end: VirtualPage): void {
  mm.gathered.clear();
  for (let vma = mm.find(start); vma !== null && vma.start < end; vma = mm.after(vma)) {
    mm.gathered.push(vma);
  }
}

/**
 * unmap_vmas() over the gathered VMAs: the tracking hears of each before its pages go; then
 * free_pgtables().
 */
export function clearGathered(context: MmContext, mm: Mm): void {
  const { gathered, pageTable } = mm;
  const { count, items } = gathered;
  if (count === 0) return;
  for (let at = 0; at < count; at++) {
    const vma = items[at] as Vma;
    if (!vma.isAnon) context.tracking.unmap(mm, vma, "unmap");
    lookAtPages(context, mm, vma, vma.start, vma.end);
    pageTable.zap(vma.start, vma.end);
  }
  freeTables(mm, items[0] as Vma, items[count - 1] as Vma);
}

/** remove_vma() and vm_area_free() for the gathered VMAs. */
export function freeGathered(context: MmContext, mm: Mm): void {
  const { count, items } = mm.gathered;
  for (let at = 0; at < count; at++) {
    const vma = items[at] as Vma;
    if (vma.device !== null) context.file.remove(vma);
    if (!vma.isAnon) context.tracking.free(vma);
    mm.remove(vma);
  }
}

/** free_pgtables() for the VMAs from `first` to `last`: a table goes with the last VMA above it. */
function freeTables(mm: Mm, first: Vma, last: Vma): void {
  // A window of one table keeps it while there are others.
  if (mm.end <= TABLE_PAGES && mm.count > mm.gathered.count) return;
  const next = mm.after(last);
  const ceiling = next === null ? mm.vpages + TABLE_PAGES : next.start;
  mm.pageTable.freeTables(first.start, last.end, mm.endBelow(first.start), ceiling);
}

/**
 * vms_gather_munmap_vmas() (do_mas_align_munmap() in 6.1): cuts VMAs at both ends of [start, end),
 * looks for what may not go, and gathers what lies inside. EPERM at a sealed VMA, ENOMEM where one
 * cannot be split; then nothing is unmapped, but a first split stays.
 */
export function gatherVmas(
  context: MmContext,
  mm: Mm,
  start: VirtualPage,
  end: VirtualPage,
): Outcome {
  const { gathered } = mm;
  gathered.clear();
  let vma = mm.find(start);
  if (vma !== null && vma.start < start) {
    // Only a hole in the middle leaves one VMA more than there were.
    if (end < vma.end && mm.count >= context.maps) return "ENOMEM";
    if ((vma.flags & VM_SEALED) !== 0) return "EPERM";
    const error = splitVma(context, mm, vma, start);
    if (error !== null) return error;
    vma = mm.after(vma);
  }
  for (; vma !== null && vma.start < end; vma = mm.after(vma)) {
    if ((vma.flags & VM_SEALED) !== 0) return "EPERM";
    gathered.push(vma);
    if (vma.end > end) return splitVma(context, mm, vma, end);
  }
  return null;
}

/** munmap() (do_vmi_munmap(), whole): a range that maps nothing is fine. */
export function munmap(context: MmContext, mm: Mm, at: VirtualPage, pages: PageCount): Outcome {
  const error = gatherVmas(context, mm, at, at + pages);
  if (error !== null) return error;
  clearGathered(context, mm);
  freeGathered(context, mm);
  return null;
}

/** exit_mmap(): all VMAs are unmapped first, then all are freed. */
export function exitMmap(context: MmContext, mm: Mm): void {
  gatherInside(mm, 0, mm.end);
  clearGathered(context, mm);
  freeGathered(context, mm);
}
