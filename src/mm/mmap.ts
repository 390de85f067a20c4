import type { PageCacheMode } from "../pat/cachemode.ts";
import { type CallResult, type DriverCall, NEW_DEVICE_MAPPING, runDriverCalls } from "./driver.ts";
import type { Errno, Outcome } from "./errno.ts";
import type { Mm, MmContext } from "./mm.ts";
import { clearVmas, freeVmas, gatherVmas } from "./munmap.ts";
import { remapNewVma } from "./remap.ts";
import type { PageCount, Pfn, VirtualPage } from "./units.ts";
import { Vma } from "./vma.ts";

/** The file behind a mapping, as far as its mmap handler decides what happens. */
export interface Driver {
  /** The cache mode it asks for. */
  readonly mode: PageCacheMode;
  /** What it returns when remap_pfn_range() fails, whatever the reason was; null: that reason. */
  readonly errno: Errno | null;
  /** /dev/mem, whose handler became mmap_prepare with an action. */
  readonly isDevmem: boolean;
}

/** mmap(MAP_FIXED) of `pages` pages of a device at `at`, its first page mapping `pfn`. */
export interface MmapRequest {
  readonly at: VirtualPage;
  readonly pages: PageCount;
  readonly pfn: Pfn;
  /** VM_READ, VM_WRITE, VM_PRIVATE. */
  readonly flags: number;
  readonly driver: Driver;
}

/** mmap(MAP_FIXED) of a driver's file at file offset `off`; its handler makes the calls given. */
export interface DriverMmapRequest {
  readonly at: VirtualPage;
  readonly pages: PageCount;
  readonly off: number;
  /** VM_READ, VM_WRITE, VM_PRIVATE. */
  readonly flags: number;
  readonly calls: readonly DriverCall[];
}

/** mmap() of a file whose handler remaps the whole VMA, and no more. */
export function mmap(context: MmContext, mm: Mm, request: MmapRequest): Outcome {
  const { at, pages, driver } = request;
  const { profile } = context;
  const freeFirst =
    profile.mmapFreesReplacedFirst || (driver.isDevmem && profile.devmemMapsAfterFree);
  const vma = new Vma(at, at + pages, request.pfn, request.flags);
  const place = makeRoom(context, mm, vma, freeFirst);
  if (typeof place === "string") return place;
  const error = remapNewVma(context, mm, vma, driver.mode);
  finish(context, mm, vma, place, error);
  return error === null ? null : (driver.errno ?? error);
}

/** mmap() of a driver's file; the outcome of every call of its handler goes to `results`. */
export function mmapDriver(
  context: MmContext,
  mm: Mm,
  request: DriverMmapRequest,
  results: CallResult[],
): Outcome {
  const { at, pages, off, flags, calls } = request;
  const vma = new Vma(at, at + pages, off, flags);
  vma.device = NEW_DEVICE_MAPPING;
  const place = makeRoom(context, mm, vma, context.profile.mmapFreesReplacedFirst);
  if (typeof place === "string") return place;
  const error = runDriverCalls(context, mm, vma, calls, results);
  finish(context, mm, vma, place, error);
  return error;
}

/**
 * The first half of mmap_region(): the pages of what the new VMA replaces are cleared before the
 * handler runs, so they are lost even when it fails; when the VMAs themselves are freed is a fact
 * of the release. Returns how many are still to be freed, or why what is there cannot go; then
 * nothing is cleared.
 */
function makeRoom(context: MmContext, mm: Mm, vma: Vma, freeFirst: boolean): number | Errno {
  // do_mmap() lets a process have one VMA more than the limit.
  if (mm.vmas.length > context.maps) return "ENOMEM";
  const { start, end } = vma;
  const error = gatherVmas(context, mm, start, end);
  if (error !== null) return error;
  const first = mm.findIndex(start);
  const last = mm.findIndex(end);
  clearVmas(context, mm, first, last);
  if (!freeFirst) return last - first;
  freeVmas(context, mm, first, last);
  return 0;
}

/** The second half: frees what was replaced, and links the new VMA or unmaps it again. */
function finish(context: MmContext, mm: Mm, vma: Vma, replaced: number, error: Outcome): void {
  if (replaced > 0) {
    const first = mm.findIndex(vma.start);
    freeVmas(context, mm, first, first + replaced);
  }
  mm.insert(vma);
  vma.order = context.kernel.linkOrder();
  if (error !== null) {
    const index = mm.findIndex(vma.start);
    clearVmas(context, mm, index, index + 1);
    freeVmas(context, mm, index, index + 1);
  } else if (vma.device !== null) {
    context.file.insert(mm, vma);
  }
}
