import { KernelBug } from "../pat/kernelstate.ts";
import type { Mm, MmContext } from "./mm.ts";
import type { PageCount, VirtualPage } from "./units.ts";
import type { Vma } from "./vma.ts";

/** zap_page_range_single(): the VMA stays, `pages` pages at `at` inside it go. */
export function zapSpecial(
  context: MmContext,
  mm: Mm,
  vma: Vma,
  at: VirtualPage,
  pages: PageCount,
): void {
  context.tracking.unmap(mm, vma, "zap");
  mm.pageTable.zap(at, at + pages);
}

/**
 * unmap_mapping_range() over `pages` pages of the driver's file at file offset `off`: every VMA
 * that maps any of them loses them, in all processes. A private mapping whose offset became a pfn
 * is not met. A dead task's page table is locked for good: whoever comes to it waits forever.
 */
export function zapFile(context: MmContext, off: PageCount, pages: PageCount): void {
  for (const { mm, vma } of context.file.entries) {
    const start = Math.max(off, vma.pfn);
    const end = Math.min(off + pages, vma.pfn + vma.pages);
    if (vma.device === null || vma.device.offsetIsPfn || start >= end) continue;
    if (mm.isWedged) throw new KernelBug("zap_pte_range: the page table lock is lost", "mmap-read");
    zapSpecial(context, mm, vma, vma.start + (start - vma.pfn), end - start);
  }
}
