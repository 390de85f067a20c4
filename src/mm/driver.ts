import { assertNever } from "../assertnever.ts";
import { type PageCacheMode, WB } from "../pat/cachemode.ts";
import { KernelBug } from "../pat/kernelstate.ts";
import { isRam, RAM_START } from "../pat/rampages.ts";
import type { Errno, Outcome } from "./errno.ts";
import type { Mm, MmContext } from "./mm.ts";
import { TABLE_SHIFT } from "./pagetable.ts";
import { isOurs, remapPfnRange } from "./remap.ts";
import type { PageCount, Pfn } from "./units.ts";
import type { DeviceMapping, FaultHandler, Vma } from "./vma.ts";
import { zapSpecial } from "./zap.ts";

/** A coherent DMA buffer is this long unless it is said to have another length. */
export const DMA_BUFFER_PAGES: PageCount = 4;
/** Buffers lie so far from each other in RAM: none is longer. */
const DMA_BUFFER_ROOM: PageCount = 8;

/** The first pfn of a coherent DMA buffer: RAM far above what drivers remap. */
export function dmaBufferPfn(buffer: number): Pfn {
  return RAM_START + (1 << 16) + buffer * DMA_BUFFER_ROOM;
}

/** A VMA of a driver's file before its handler has done anything, by what the driver says of it. */
export const NEW_DEVICE_MAPPINGS = {
  pfnmap: { handler: null, offsetIsPfn: false, isPfnmap: true, isMixed: false },
  io: { handler: null, offsetIsPfn: false, isPfnmap: false, isMixed: false },
  mixed: { handler: null, offsetIsPfn: false, isPfnmap: false, isMixed: true },
} as const satisfies Readonly<Record<string, DeviceMapping>>;

/**
 * One call of a driver's mmap handler, or of an ioctl that works on a live VMA. `off` and `pages`
 * are relative to the VMA; 0 pages are the whole VMA.
 *
 * `remap` remap_pfn_range(), which may reach `past` the VMA; `remap-window` the same with vm_start
 * and vm_end narrowed to the pages around the call; `remap-copy` the same of a copy of the VMA;
 * `insert-page` vm_insert_page() of each page; `dma` dma_mmap_coherent() of a buffer, narrowed to `pages` at `off`, or
 * of the VMA as it is; `zap` zap_vma_ptes(); `fail` returns an errno; `ignore-errors` goes on
 * whatever later calls return; `fault-handler` installs one.
 */
export type DriverCall =
  | {
      readonly call: "remap" | "remap-window" | "remap-copy";
      readonly off: PageCount;
      readonly pages: PageCount;
      readonly pfn: Pfn;
      readonly mode: PageCacheMode;
      readonly past?: PageCount | undefined;
    }
  | {
      readonly call: "insert-page";
      readonly off: PageCount;
      readonly pages: PageCount;
      readonly pfn: Pfn;
    }
  | {
      readonly call: "dma-window";
      readonly off: PageCount;
      readonly pages: PageCount;
      readonly buffer: number;
      readonly bufferPages?: PageCount | undefined;
    }
  | { readonly call: "dma"; readonly buffer: number; readonly bufferPages?: PageCount | undefined }
  | { readonly call: "zap"; readonly off: PageCount; readonly pages: PageCount }
  | { readonly call: "fail"; readonly errno: Errno }
  | { readonly call: "ignore-errors" }
  | { readonly call: "fault-handler"; readonly handler: FaultHandler };

/** What a call of a driver returned; a remap made by a fault handler says how long it was. */
export interface CallResult {
  readonly call: DriverCall["call"] | FaultHandler["call"];
  readonly outcome: Outcome;
  readonly pages?: PageCount;
}

/**
 * Makes the calls in order, up to the first that fails; each outcome is appended to `results`. `areActions`: what
 * mmap_prepare() has asked for, which the kernel looks over before it does it.
 */
export function runDriverCalls(
  context: MmContext,
  mm: Mm,
  vma: Vma,
  calls: readonly DriverCall[],
  results: CallResult[],
  areActions = false,
): Outcome {
  let ignoresErrors = false;
  for (const call of calls) {
    const outcome = runCall(context, mm, vma, call, areActions);
    results.push({ call: call.call, outcome });
    if (call.call === "ignore-errors") ignoresErrors = true;
    if (outcome !== null && !ignoresErrors) return outcome;
  }
  return null;
}

function runCall(
  context: MmContext,
  mm: Mm,
  vma: Vma,
  call: DriverCall,
  isAction: boolean,
): Outcome {
  switch (call.call) {
    case "remap":
    case "remap-window":
    case "remap-copy":
      return remapCall(context, mm, vma, call, isAction);
    case "insert-page":
      return insertPages(context, mm, vma, call);
    case "dma":
    case "dma-window":
      return dmaMmapCoherent(context, mm, vma, call);
    case "zap":
      return zapCall(context, mm, vma, call);
    case "fail":
      return call.errno;
    case "ignore-errors":
      return null;
    case "fault-handler":
      vma.device = { ...(vma.device ?? NEW_DEVICE_MAPPINGS.pfnmap), handler: call.handler };
      return null;
    default:
      return assertNever(call);
  }
}

type RangeCall = { readonly off: PageCount; readonly pages: PageCount };

/** The length that a call means, or null where it does not lie inside the VMA. */
function lengthIn(vma: Vma, { off, pages }: RangeCall): PageCount | null {
  const length = pages === 0 ? vma.pages - off : pages;
  return length > 0 && off + length <= vma.pages ? length : null;
}

function remapCall(
  context: MmContext,
  mm: Mm,
  vma: Vma,
  call: Extract<DriverCall, { mode: PageCacheMode }>,
  isAction: boolean,
): Outcome {
  const inside = lengthIn(vma, call);
  const { pfn, mode, past = 0 } = call;
  if (inside === null || !reaches(mm, vma, call.off + inside, past)) return "EINVAL";
  const pages = inside + past;
  if (!isOurs(context, pfn, pages)) return "EINVAL";
  // remap_pfn_range_prepare(), seen in the code of 7.2.13.
  if (isAction && past > 0) return "EFAULT";
  const at = vma.start + call.off;
  const remap = (of: Vma) => remapPfnRange(context, mm, of, { at, pages, pfn, mode });
  if (call.call === "remap") return remap(vma);
  if (call.call === "remap-window") return inWindow(vma, call.off, pages, () => remap(vma));
  // What the copy has of the tracking is lost with it.
  const copy = context.pool.copyOf(vma, at, at + pages, vma.pfn);
  copy.track = vma.track;
  return remap(copy);
}

/**
 * Whether a driver may be let map past its VMA: as far as mappings of its own file follow it there
 * without a gap, as it is itself, below one page table. What else may lie there is not modelled.
 */
function reaches(mm: Mm, vma: Vma, end: PageCount, past: PageCount): boolean {
  if (past === 0) return true;
  if (end !== vma.pages || vma.isPrivate) return false;
  if ((vma.end - 1) >> TABLE_SHIFT !== (vma.end + past - 1) >> TABLE_SHIFT) return false;
  for (let at = vma.end; at < vma.end + past; ) {
    const next = at < mm.end ? mm.lookup(at) : null;
    if (next === null || next.device === null || next.isPrivate || next.prot !== vma.prot) {
      return false;
    }
    at = next.end;
  }
  return true;
}

/**
 * vm_insert_page() of pages of RAM, one by one (mm/memory.c, 6.1 to 7.3; reduced: with the mmap lock held for
 * writing). It reserves nothing and looks nothing up: they are mapped write-back. A mapping that is VM_PFNMAP and not
 * VM_MIXEDMAP is a BUG, a page that is there already EBUSY. A page of the region has no struct page to be given.
 */
function insertPages(
  context: MmContext,
  mm: Mm,
  vma: Vma,
  call: Extract<DriverCall, { call: "insert-page" }>,
): Outcome {
  const pages = lengthIn(vma, call);
  const device = vma.device ?? NEW_DEVICE_MAPPINGS.pfnmap;
  if (pages === null || !isRam(call.pfn)) return "EINVAL";
  if (!device.isMixed) {
    if (device.isPfnmap)
      throw new KernelBug("vm_insert_page: the mapping is VM_PFNMAP", "mmap-write");
    vma.device = { ...device, isMixed: true };
  }
  for (let n = 0; n < pages; n++) {
    const at = vma.start + call.off + n;
    if (mm.pageTable.allocate(at, at + 1, context.kernel) === at) return "ENOMEM";
    if (!mm.pageTable.isNone(at)) return "EBUSY";
    mm.pageTable.remap(at, at + 1, call.pfn + n, WB);
  }
  return null;
}

/**
 * dma_mmap_coherent() (dma_direct_mmap(), 6.1 to 7.2): vm_pgoff is an offset into the buffer, and
 * the VMA, as wide as it is at the time, must not be longer than what follows there; then it is
 * remapped whole, write-back. vm_pgoff is a pfn once a private mapping was remapped.
 */
function dmaMmapCoherent(
  context: MmContext,
  mm: Mm,
  vma: Vma,
  call: Extract<DriverCall, { buffer: number }>,
): Outcome {
  const { bufferPages = DMA_BUFFER_PAGES } = call;
  const map = (): Outcome => {
    const { start: at, pages, pfn: offset } = vma;
    const isPast = vma.device?.offsetIsPfn === true || offset + pages > bufferPages;
    if (isPast) return "ENXIO";
    const pfn = dmaBufferPfn(call.buffer) + offset;
    return remapPfnRange(context, mm, vma, { at, pages, pfn, mode: 0 });
  };
  if (call.call === "dma") return map();
  const pages = lengthIn(vma, call);
  return pages === null ? "EINVAL" : inWindow(vma, call.off, pages, map);
}

/**
 * zap_vma_ptes(), zap_special_vma_range() from 7.x: a range that is not in the VMA is ignored, and a
 * mapping that is not VM_PFNMAP; from 7.x on VM_MIXEDMAP will do.
 */
function zapCall(context: MmContext, mm: Mm, vma: Vma, call: RangeCall): Outcome {
  const pages = lengthIn(vma, call);
  const { isPfnmap = true, isMixed = false } = vma.device ?? {};
  if (!isPfnmap && !(isMixed && context.profile.zapsMixed)) return null;
  if (pages !== null) zapSpecial(context, mm, vma, vma.start + call.off, pages);
  return null;
}

/**
 * Narrows vm_start and vm_end to `pages` pages at `off` while it works, as some drivers do: the
 * callee then takes the window for a whole VMA.
 */
function inWindow(vma: Vma, off: PageCount, pages: PageCount, work: () => Outcome): Outcome {
  const { start, end } = vma;
  vma.start = start + off;
  vma.end = vma.start + pages;
  try {
    return work();
  } finally {
    vma.start = start;
    vma.end = end;
  }
}
