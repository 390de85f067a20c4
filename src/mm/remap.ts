import type { PageCacheMode } from "../pat/cachemode.ts";
import { broken } from "../pat/invariant.ts";
import { KernelBug } from "../pat/kernelstate.ts";
import type { ModeRef } from "../pat/memtype.ts";
import { isRam } from "../pat/rampages.ts";
import { REGION_PFNS, regionAt } from "../pat/regionmemory.ts";
import type { Outcome } from "./errno.ts";
import type { Mm, MmContext } from "./mm.ts";
import type { PageCount, Pfn, VirtualPage } from "./units.ts";
import type { Vma } from "./vma.ts";

/** Holds the wanted mode until a callee puts another there. */
const granted: ModeRef = { mode: 0 };

/** One remap_pfn_range() call: `pages` pages at `at`, which lie inside the VMA. */
export interface RemapCall {
  readonly at: VirtualPage;
  readonly pages: PageCount;
  readonly pfn: Pfn;
  readonly mode: PageCacheMode;
}

/** remap_pfn_range() over the whole of a VMA that maps nothing yet, from its own `pfn` on. */
export function remapNewVma(context: MmContext, mm: Mm, vma: Vma, wanted: PageCacheMode): Outcome {
  const { pageTable } = mm;
  const { start, end, pfn } = vma;
  granted.mode = wanted;
  const error = context.tracking.remap(vma, wanted, granted, pfn);
  if (error !== null) return error;
  const upTo = pageTable.allocate(start, end, context.kernel);
  pageTable.remap(start, upTo, pfn, granted.mode);
  if (upTo === end) return null;
  return unwind(context, mm, vma, start, end - start, pfn, true, "ENOMEM");
}

/** Whether pfns [pfn, pfn + pages) are the device's to map: all in one region, or all in RAM. */
export function isOurs(context: MmContext, pfn: Pfn, pages: PageCount): boolean {
  if (isRam(pfn)) return true;
  const region = regionAt(pfn);
  return pfn + pages - region * REGION_PFNS <= (context.regions[region] ?? 0);
}

/**
 * remap_pfn_range() (mm/memory.c, 6.1 to 7.2; whole). Over a whole VMA the tracking decides. Over
 * a part the mode is what the list says of the pages; two modes there are EINVAL, and so is any
 * part of a private mapping, whose file offset must name its first pfn.
 */
export function remapPfnRange(context: MmContext, mm: Mm, vma: Vma, call: RemapCall): Outcome {
  const { at, pages, pfn } = call;
  if (at < vma.start || at >= vma.end) broken(`${at} is not in its VMA`);
  const whole = at === vma.start && pages === vma.pages;
  const privateFirst = vma.isPrivate && context.profile.remapChecksPartOfPrivateFirst;
  if (privateFirst && !whole) return "EINVAL";
  if (privateFirst) nameFirstPfn(vma, pfn);
  if (context.profile.remapChecksPartOfPrivateFirst) setPfnmap(vma);
  granted.mode = call.mode;
  const error = whole ? trackWhole(context, vma, call) : lookUpPart(context, call);
  if (error !== null) return error;
  if (vma.isPrivate && !whole) return unwind(context, mm, vma, at, pages, pfn, whole, "EINVAL");
  if (vma.isPrivate) nameFirstPfn(vma, pfn);
  context.kernel.writesVmFlags("remap_pfn_range_internal");
  setPfnmap(vma);
  return populate(context, mm, vma, call, whole);
}

/** remap_pfn_range_track(): the tracking decides, and may refuse without asking for a mode. */
function trackWhole({ tracking, ranges }: MmContext, vma: Vma, call: RemapCall): Outcome {
  const { pfn, pages, mode } = call;
  const known = ranges.toldRequests;
  const error = tracking.remap(vma, mode, granted, pfn);
  if (error !== null) ranges.tellUnasked(pfn, pfn + pages, mode, known);
  return error;
}

/** pfnmap_setup_cachemode(): a part takes the mode that it finds. */
function lookUpPart({ ranges }: MmContext, { pfn, pages, mode }: RemapCall): "EINVAL" | null {
  const error = ranges.lookupRange(pfn, pfn + pages, granted);
  ranges.tellLookup(pfn, pfn + pages, mode, error === null ? granted.mode : null);
  return error;
}

/** A remap says VM_PFNMAP of a VMA where its driver has not; from 6.19 on before it asks the tracking. */
function setPfnmap(vma: Vma): void {
  if (vma.device?.isPfnmap === false) vma.device = { ...vma.device, isPfnmap: true };
}

/** The file offset of a private mapping becomes the pfn of its first page (vm_normal_page()). */
function nameFirstPfn(vma: Vma, pfn: Pfn): void {
  vma.pfn = pfn;
  if (vma.device !== null) vma.device = { ...vma.device, offsetIsPfn: true };
}

/**
 * remap_p4d_range() and below: a table that cannot be had undoes the call, an
 * entry that is there already is a BUG, with everything before it mapped.
 */
function populate(context: MmContext, mm: Mm, vma: Vma, call: RemapCall, whole: boolean): Outcome {
  const { pageTable } = mm;
  const { at, pfn } = call;
  const end = at + call.pages;
  const upTo = pageTable.allocate(at, end, context.kernel);
  const present = pageTable.firstPresent(at, upTo);
  pageTable.remap(at, present, pfn, granted.mode);
  if (present < upTo) {
    throw new KernelBug("remap_pte_range: the page table entry is present", "page-table");
  }
  return upTo === end ? null : unwind(context, mm, vma, at, call.pages, pfn, whole, "ENOMEM");
}

/** What remap_pfn_range_notrack() and its caller undo: page table entries, then the tracking. */
function unwind(
  context: MmContext,
  mm: Mm,
  vma: Vma,
  at: VirtualPage,
  pages: PageCount,
  pfn: Pfn,
  whole: boolean,
  error: Outcome,
): Outcome {
  context.tracking.unmap(mm, vma, "zap");
  mm.pageTable.zap(at, Math.min(at + pages, vma.end));
  context.tracking.remapFailed(vma, pfn, pages, whole);
  return error;
}
