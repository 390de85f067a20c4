import { assertNever } from "../assertnever.ts";
import { KernelBug } from "../pat/kernelstate.ts";
import { modeOfLarge, WB } from "../pat/cachemode.ts";
import { isRam } from "../pat/rampages.ts";
import { faultAnon } from "./anon.ts";
import type { CallResult } from "./driver.ts";
import type { Outcome } from "./errno.ts";
import { isAround, type Mm, type MmContext } from "./mm.ts";
import { TABLE_PAGES } from "./pagetable.ts";
import { isOurs, remapPfnRange } from "./remap.ts";
import type { PageCount, VirtualPage } from "./units.ts";
import type { FaultHandler, Vma } from "./vma.ts";
import { VM_NOHUGEPAGE, VM_PRIVATE, VM_READ, VM_WRITE } from "./vmaflags.ts";

/** How much the `remap-segment` fault handler maps at once. */
const SEGMENT_PAGES: PageCount = 4;

/**
 * Reads or writes one page as the process itself would. EFAULT stands for the signal of an access
 * that is not allowed, EIO for that of a page that is not there (SIGBUS), EINTR for an access that
 * faults again and again until it is interrupted. A write to a private mapping copies the page
 * (do_wp_page() with no struct page behind it): the VMA stays, the pfn is no longer mapped there.
 */
export function touch(
  context: MmContext,
  mm: Mm,
  at: VirtualPage,
  write: boolean,
  results: CallResult[],
): Outcome {
  const vma = mm.lookup(at);
  if (vma === null || (vma.flags & (write ? VM_WRITE : VM_READ)) === 0) return "EFAULT";
  if (vma.isAnon) {
    askForTable(context, mm, at);
    return faultAnon(context, mm, vma, at, write) ? null : "EFAULT";
  }
  if (mm.pageTable.isNone(at)) {
    const outcome = faultIn(context, mm, vma, at, results);
    if (outcome !== null) return outcome;
  }
  if (write && (vma.flags & VM_PRIVATE) !== 0) mm.pageTable.copyOnWrite(at);
  return null;
}

/** A fault allocates a table where there is none (__do_fault(), do_anonymous_page()); where it cannot, the access faults again and it can. */
function askForTable({ kernel }: MmContext, { pageTable }: Mm, at: VirtualPage): void {
  if (!pageTable.hasTable(at)) kernel.fails("page-table");
}

/** handle_mm_fault() of a page that is not there: the driver's fault handler must supply it. */
function faultIn(
  context: MmContext,
  mm: Mm,
  vma: Vma,
  at: VirtualPage,
  results: CallResult[],
): Outcome {
  const handler = vma.device?.handler ?? null;
  if (handler === null) return "EIO";
  if (handler.call === "insert-pmd" && insertPmd(context, mm, vma, at, handler)) return null;
  const { kernel } = context;
  askForTable(context, mm, at);
  kernel.inFault = true;
  try {
    // A handler finds its page by vmf->pgoff: a pfn in the place of an offset is past all that it has.
    if (vma.device?.offsetIsPfn === true) return "EIO";
    return handleFault(context, mm, vma, at, handler, results);
  } finally {
    kernel.inFault = false;
  }
}

function handleFault(
  context: MmContext,
  mm: Mm,
  vma: Vma,
  at: VirtualPage,
  handler: FaultHandler,
  results: CallResult[],
): Outcome {
  const { call } = handler;
  switch (call) {
    case "insert":
    case "insert-pmd":
      return insertPfn(context, mm, vma, at, handler);
    case "remap":
    case "remap-segment": {
      const { start, end } = call === "remap" ? vma : segmentOf(vma, at);
      const pages = end - start;
      const pfn = handler.pfn + vma.pfn + (start - vma.start);
      if (!isOurs(context, pfn, pages)) return "EIO";
      const range = { at: start, pages, pfn, mode: handler.mode };
      const outcome = remapPfnRange(context, mm, vma, range);
      results.push({ call, outcome, pages });
      if (outcome === null) return null;
      return call === "remap" ? "EIO" : "EINTR";
    }
    default:
      return assertNever(call);
  }
}

/**
 * huge_fault() of a driver as vfio_pci_mmap_huge_fault() is, and vmf_insert_pfn_pmd() (6.12 to 7.3): maps the 2 MiB around a page by
 * one entry if its table is not there, all of them lie in the VMA and in what the driver has, and their first
 * pfn is a multiple of as many. The mode is what the list says of that pfn alone. False where the page is to come
 * by itself. A mapping that is not VM_PFNMAP alone is the driver's to fill page by page.
 */
function insertPmd(
  context: MmContext,
  mm: Mm,
  vma: Vma,
  at: VirtualPage,
  handler: FaultHandler,
): boolean {
  const { isPfnmap = true, isMixed = false } = vma.device ?? {};
  const isRefused = (vma.flags & (VM_PRIVATE | VM_NOHUGEPAGE)) !== 0;
  if (!context.profile.hasPmdPfnmap || !isPfnmap || isMixed || isRefused) return false;
  const start = at - (at % TABLE_PAGES);
  const pfn = handler.pfn + vma.pfn + (start - vma.start);
  if (!isAround(at, vma.start, vma.end) || pfn % TABLE_PAGES !== 0) return false;
  if (mm.pageTable.hasTable(at) || !isOurs(context, pfn, TABLE_PAGES)) return false;
  const found = context.ranges.modeFor(pfn, WB);
  const mode = modeOfLarge(found);
  context.ranges.tellLookup(pfn, pfn + TABLE_PAGES, handler.mode, mode);
  mm.pageTable.mapLarge(at, pfn, mode);
  return true;
}

/** The segment of the file, as much of it as the VMA maps, that a page lies in. */
function segmentOf(vma: Vma, at: VirtualPage): { start: VirtualPage; end: VirtualPage } {
  const offset = vma.pfn + (at - vma.start);
  const start = at - (offset % SEGMENT_PAGES);
  return { start: Math.max(vma.start, start), end: Math.min(vma.end, start + SEGMENT_PAGES) };
}

/**
 * vmf_insert_pfn_prot() (mm/memory.c, 6.1 to 7.2; reduced to VM_PFNMAP): nothing is tracked, the
 * mode is what the list says of the page, whatever was asked for.
 */
function insertPfn(
  context: MmContext,
  mm: Mm,
  vma: Vma,
  at: VirtualPage,
  handler: FaultHandler,
): Outcome {
  const pfn = handler.pfn + vma.pfn + (at - vma.start);
  if (!isOurs(context, pfn, 1)) return "EIO";
  const { isPfnmap = true, isMixed = false } = vma.device ?? {};
  if (isPfnmap === isMixed) {
    const flags = isMixed ? "VM_PFNMAP and VM_MIXEDMAP" : "neither VM_PFNMAP nor VM_MIXEDMAP";
    throw new KernelBug(`vmf_insert_pfn_prot: the mapping is ${flags}`, "mmap-read");
  }
  if (isMixed && isRam(pfn)) {
    throw new KernelBug(
      "vmf_insert_pfn_prot: VM_MIXEDMAP, and the page has a struct page",
      "mmap-read",
    );
  }
  if (vma.isPrivate) {
    throw new KernelBug("vmf_insert_pfn_prot: the mapping is private", "mmap-read");
  }
  // Out of memory here means that the access faults again, until there is some.
  while (mm.pageTable.allocate(at, at + 1, context.kernel) === at);
  const mode = context.ranges.modeFor(pfn, handler.mode);
  context.ranges.tellLookup(pfn, pfn + 1, handler.mode, mode);
  mm.pageTable.remap(at, at + 1, pfn, mode);
  return null;
}
