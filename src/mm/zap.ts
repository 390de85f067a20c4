import { KernelBug } from "../pat/kernelstate.ts";
import { regionAt } from "../pat/regionmemory.ts";
import type { Outcome } from "./errno.ts";
import type { Mm, MmContext } from "./mm.ts";
import type { PageCount, VirtualPage } from "./units.ts";
import type { Vma } from "./vma.ts";

/**
 * vm_normal_page() of what [start, end) of a VMA maps: a mapping that is neither VM_PFNMAP nor VM_MIXEDMAP should have
 * no pfns that remap_pfn_range() has put there, and each is told of.
 */
export function lookAtPages(
  { kernel }: MmContext,
  { pageTable }: Mm,
  { device }: Vma,
  start: VirtualPage,
  end: VirtualPage,
): void {
  if (device === null || device.isPfnmap || device.isMixed) return;
  for (let at = start; at < end; at++) {
    const pfn = pageTable.pfnAt(at);
    if (pfn !== null) kernel.badPage(pfn, pageTable.modeAt(at));
  }
}

/** zap_page_range_single(): the VMA stays, `pages` pages at `at` inside it go. */
export function zapSpecial(
  context: MmContext,
  mm: Mm,
  vma: Vma,
  at: VirtualPage,
  pages: PageCount,
): void {
  context.tracking.unmap(mm, vma, "zap");
  lookAtPages(context, mm, vma, at, at + pages);
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

/**
 * revoke_iomem() (kernel/resource.c, 6.1 to 7.3) when a driver claims a whole region: one
 * unmap_mapping_range() of it in the file that /dev/mem and PCI resource files share, copies of private
 * mappings included. VMA by VMA in the order of pfns; those that begin at one pfn, which the
 * kernel takes in the order in which they were made, in the order of processes and addresses.
 */
function revoke(context: MmContext, mms: Iterable<Mm>, region: number): void {
  const met: { readonly mm: Mm; readonly vma: Vma }[] = [];
  for (const mm of mms) {
    for (let vma = mm.find(0); vma !== null; vma = mm.after(vma)) {
      if (vma.device === null && !vma.isAnon && regionAt(vma.pfn) === region) met.push({ mm, vma });
    }
  }
  met.sort((a, b) => a.vma.pfn - b.vma.pfn || a.vma.order - b.vma.order);
  for (const { mm, vma } of met) zapSpecial(context, mm, vma, vma.start, vma.pages);
}

/**
 * request_mem_region() of a whole region by a driver, which keeps it (`claim`) or lets go of it at once (`revoke`), and
 * release_mem_region() (`release`). EBUSY where somebody has it already, EINVAL where nobody has.
 */
export function claim(
  context: MmContext,
  mms: Iterable<Mm>,
  what: "claim" | "revoke" | "release",
  region: number,
): Outcome {
  const { kernel } = context;
  const isClaimed = ((kernel.claimed >> region) & 1) === 1;
  if (what === "claim") kernel.claimed |= 1 << region;
  if (what === "release") kernel.claimed &= ~(1 << region);
  if (what === "release") return isClaimed ? null : "EINVAL";
  if (isClaimed) return "EBUSY";
  revoke(context, mms, region);
  return null;
}
