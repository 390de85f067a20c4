import type { PageCacheMode } from "../pat/cachemode.ts";
import type { ModeRef } from "../pat/memtype.ts";
import type { Errno, Outcome } from "./errno.ts";
import { type Mm, type MmContext, splitAround } from "./mm.ts";
import { clearVmas, freeVmas } from "./munmap.ts";
import type { PageCount, Pfn, VirtualPage } from "./units.ts";
import { type Prot, Vma } from "./vma.ts";

/** The file behind a mapping, as far as its mmap handler decides what happens. */
export interface Driver {
  /** The cache mode it asks for. */
  readonly mode: PageCacheMode;
  /** What it returns when remap_pfn_range() fails, whatever the reason was. */
  readonly errno: Errno;
  /** /dev/mem, whose handler became mmap_prepare with an action. */
  readonly isDevmem: boolean;
}

/** mmap(MAP_FIXED) of `pages` pages of a device at `at`, its first page mapping `pfn`. */
export interface MmapRequest {
  readonly at: VirtualPage;
  readonly pages: PageCount;
  readonly pfn: Pfn;
  readonly prot: Prot;
  readonly isPrivate: boolean;
  readonly driver: Driver;
}

const granted: ModeRef = { mode: 0 };

/** remap_pfn_range() over the whole of a new VMA: tracked first, then the pages are mapped. */
function remapPfnRange(context: MmContext, mm: Mm, vma: Vma, wanted: PageCacheMode): Outcome {
  const error = context.tracking.remap(vma, wanted, granted);
  if (error === null) mm.pageTable.remap(vma.start, vma.end, vma.pfn, granted.mode);
  return error;
}

/**
 * mmap_region() with a driver's handler. The pages of the replaced VMAs are cleared before the
 * handler runs, so they are lost even when it fails; when the VMAs themselves are freed is a
 * fact of the release.
 */
export function mmap(context: MmContext, mm: Mm, request: MmapRequest): Outcome {
  const { at, pages, driver } = request;
  const { profile } = context;
  const freeFirst =
    profile.mmapFreesReplacedFirst || (driver.isDevmem && profile.devmemMapsAfterFree);
  splitAround(context, mm, at, at + pages);
  const first = mm.findIndex(at);
  const last = mm.findIndex(at + pages);
  clearVmas(context, mm, first, last);
  if (freeFirst) freeVmas(context, mm, first, last);
  const vma = new Vma(at, at + pages, request.pfn, request.prot, request.isPrivate);
  const error = remapPfnRange(context, mm, vma, driver.mode);
  if (!freeFirst) freeVmas(context, mm, first, last);
  if (error === null) mm.insert(vma);
  else context.tracking.free(vma);
  return error === null ? null : driver.errno;
}
