import type { PageCacheMode } from "../pat/cachemode.ts";
import { regionAt } from "../pat/regionmemory.ts";
import { type CallResult, type DriverCall, runDriverCalls } from "./driver.ts";
import type { Errno, Outcome } from "./errno.ts";
import type { Mm, MmContext } from "./mm.ts";
import { clearGathered, freeGathered, gatherInside, gatherVmas } from "./munmap.ts";
import { remapNewVma } from "./remap.ts";
import type { PageCount, Pfn, VirtualPage } from "./units.ts";
import type { DeviceMapping, Vma } from "./vma.ts";

/** The file behind a mapping, as far as its mmap handler decides what happens. */
export interface Driver {
  /** The cache mode it asks for. */
  readonly mode: PageCacheMode;
  /** What it returns when remap_pfn_range() fails, whatever the reason was; null: that reason. */
  readonly errno: Errno | null;
  /** /dev/mem, whose handler became mmap_prepare with an action. */
  readonly isDevmem: boolean;
}

/** mmap(MAP_FIXED) of a driver's file at file offset `off`; its handler makes the calls given. */
export interface DriverMmapRequest {
  readonly at: VirtualPage;
  readonly pages: PageCount;
  readonly off: number;
  /** VM_READ, VM_WRITE, VM_PRIVATE. */
  readonly flags: number;
  readonly calls: readonly DriverCall[];
  /**
   * The driver has mmap_prepare(), whose remap is an action that runs when what is replaced has been
   * freed (mmap_action_complete()); on releases that have no such actions it has a handler as others.
   */
  readonly isPrepared: boolean;
  /** What the driver says of the VMA before anything else. */
  readonly mapping: DeviceMapping;
}

/**
 * mmap(MAP_FIXED) of `pages` pages of a device at `at`, its first page mapping `pfn`, whose handler
 * remaps the whole VMA, and no more. `flags`: VM_READ, VM_WRITE, VM_PRIVATE.
 */
export function mmap(
  context: MmContext,
  mm: Mm,
  at: VirtualPage,
  pages: PageCount,
  pfn: Pfn,
  flags: number,
  driver: Driver,
): Outcome {
  const { profile } = context;
  const freesFirst = profile.mmapFreesReplacedFirst || (driver.isDevmem && profile.hasMmapActions);
  const refused = makeRoom(context, mm, at, at + pages, freesFirst);
  if (refused !== null) return refused;
  const vma = context.pool.take(at, at + pages, pfn, flags);
  vma.isDevmem = driver.isDevmem;
  const claimed = isClaimed(context, pfn) ? refusalOf(driver) : null;
  const error = claimed ?? remapNewVma(context, mm, vma, driver.mode);
  finish(context, mm, vma, error);
  return error === null ? null : (claimed ?? driver.errno ?? error);
}

const isClaimed = ({ kernel }: MmContext, pfn: Pfn) =>
  ((kernel.claimed >> regionAt(pfn)) & 1) === 1;

/**
 * What a file of the region returns while a driver has claimed it: range_is_allowed() for /dev/mem
 * (STRICT_DEVMEM), pci_mmap_resource() for a PCI resource (read in 6.12.117 and 7.2.13).
 */
function refusalOf({ isDevmem }: Driver): Errno {
  return isDevmem ? "EPERM" : "EINVAL";
}

/** mmap() of a driver's file; the outcome of every call of its handler goes to `results`. */
export function mmapDriver(
  context: MmContext,
  mm: Mm,
  request: DriverMmapRequest,
  results: CallResult[],
): Outcome {
  const { at, pages, off, flags, calls, isPrepared, mapping } = request;
  const { mmapFreesReplacedFirst, hasMmapActions } = context.profile;
  const areActions = isPrepared && hasMmapActions;
  const freesFirst = mmapFreesReplacedFirst || areActions;
  const refused = makeRoom(context, mm, at, at + pages, freesFirst);
  if (refused !== null) return refused;
  const vma = context.pool.take(at, at + pages, off, flags);
  vma.device = mapping;
  const isRefused = !mapping.isPfnmap && vma.isPrivate;
  const error = isRefused ? "EINVAL" : runDriverCalls(context, mm, vma, calls, results, areActions);
  finish(context, mm, vma, error);
  return error;
}

/**
 * The first half of mmap_region(): the pages of what the new VMA replaces are cleared before the
 * handler runs, so they are lost even when it fails; when the VMAs themselves are freed is a fact
 * of the release. Returns why what is there cannot go; then nothing is cleared.
 */
export function makeRoom(
  context: MmContext,
  mm: Mm,
  start: VirtualPage,
  end: VirtualPage,
  freesFirst: boolean,
): Outcome {
  // do_mmap() lets a process have one VMA more than the limit.
  if (mm.count > context.maps) return "ENOMEM";
  const error = gatherVmas(context, mm, start, end);
  if (error !== null) return error;
  clearGathered(context, mm);
  if (!freesFirst) return null;
  freeGathered(context, mm);
  mm.gathered.clear();
  return null;
}

/** The second half: frees what is left of what was replaced, and links the new VMA or unmaps it again. */
function finish(context: MmContext, mm: Mm, vma: Vma, error: Outcome): void {
  freeGathered(context, mm);
  mm.insert(vma);
  vma.order = context.kernel.linkOrder();
  if (error !== null) {
    gatherInside(mm, vma.start, vma.end);
    clearGathered(context, mm);
    freeGathered(context, mm);
  } else if (vma.device !== null) {
    context.file.insert(mm, vma);
  }
}
