import type { PageCacheMode } from "../pat/cachemode.ts";
import type { KernelState } from "../pat/kernelstate.ts";
import type { ModeRef } from "../pat/memtype.ts";
import type { PfnRanges } from "../pat/pfnmap.ts";
import type { Outcome } from "./errno.ts";
import type { Mm } from "./mm.ts";
import type { PageTable } from "./pagetable.ts";
import type { PageCount, Pfn } from "./units.ts";
import type { Vma } from "./vma.ts";

/** Why a VMA was duplicated. */
export type DupReason = "split" | "move" | "fork";

/** Why page table entries of a VMA go: the VMA goes with them, or it stays. */
export type UnmapReason = "unmap" | "zap";

/** A VMA as a design sees it: `track` alone is the design's to write. */
export type TrackedVma = Readonly<
  Pick<
    Vma,
    | "start"
    | "end"
    | "pages"
    | "pfn"
    | "flags"
    | "prot"
    | "isPrivate"
    | "dontfork"
    | "sealed"
    | "device"
  >
> &
  Pick<Vma, "track">;

/** A page table as a design may ask it: what a virtual page maps, and with which mode. */
export type TrackedPages = Pick<
  PageTable,
  "pfnAt" | "modeAt" | "modeOfBits" | "isAnon" | "isNone" | "hasTable"
>;

/** An address space as a design may ask it. */
export interface TrackedMm extends Readonly<Pick<Mm, "count" | "end">> {
  readonly pageTable: TrackedPages;
  /** The VMAs in address order. */
  readonly vmas: readonly TrackedVma[];
  /** The first VMA that ends after `at` (find_vma()), or null. */
  find(at: number): TrackedVma | null;
  /** The VMA that contains `at` (vma_lookup()), or null. */
  lookup(at: number): TrackedVma | null;
}

/** What a design asks of the memtype list: to reserve pfns, to give them back, to look. */
export type TrackedRanges = Pick<PfnRanges, "track" | "untrack" | "lookup" | "lookupRange">;

/** What a design asks of the kernel around it: whether an allocation fails, and to warn. */
export type TrackedKernel = Pick<KernelState, "fails" | "warnOnce" | "warn" | "writesVmFlags"> &
  Readonly<Pick<KernelState, "inFault">>;

/**
 * The seam that the kernel series changed: everything the address space tells to, and asks of,
 * the tracking of PFN mappings. A design is one implementation; it may keep what it likes in
 * `vma.track`. Each hook names the kernel moment at which it is called.
 */
export interface PfnTracking {
  /**
   * remap_pfn_range() over a whole VMA, before any page is mapped; the first page will map
   * `pfn`. On success `granted` holds the cache mode to map with. A remap of a part of a VMA, and
   * a page inserted at fault time, take their mode from the reservations and track nothing.
   */
  remap(vma: TrackedVma, wanted: PageCacheMode, granted: ModeRef, pfn: Pfn): Outcome;

  /**
   * remap_pfn_range() could not fill the page table, and has zapped what it had filled. `whole`
   * tells whether remap() was asked before; a part was only looked up.
   */
  remapFailed(vma: TrackedVma, pfn: Pfn, pages: PageCount, whole: boolean): void;

  /**
   * vm_area_dup(): `copy` was made from `original`; its range is set already. An errno is a count
   * that cannot go higher (vma_pfnmap_track_ctx_dup(), 6.16 on): the copy is dropped without
   * another hook, and the call fails with ENOMEM.
   */
  dup(copy: TrackedVma, original: TrackedVma, reason: DupReason): Outcome | void;

  /**
   * madvise() has set VM_DONTCOPY: forks pass over this VMA from then on, and call no hook for it.
   */
  dontfork?(vma: TrackedVma): void;

  /**
   * copy_page_range() on fork, after the child's VMA is linked and before its page table is
   * filled. An errno makes the fork fail.
   */
  copy(childVma: TrackedVma, parent: TrackedMm, parentVma: TrackedVma): Outcome;

  /** copy_page_range() could not fill the child's page table after copy() had succeeded. */
  copyFailed(childVma: TrackedVma, parent: TrackedMm, parentVma: TrackedVma): void;

  /**
   * unmap_single_vma(): entries of the VMA's page table are about to go, all of them on unmap, any
   * part of them on a zap; they still stand.
   */
  unmap(mm: TrackedMm, vma: TrackedVma, reason: UnmapReason): void;

  /**
   * mremap() has moved pages away from this VMA, and is about to unmap where they were. After a
   * failed move the VMA is the copy, whose pages have gone back.
   */
  moved(vma: TrackedVma): void;

  /**
   * The machine boots anew: nothing of before is there. A design that has no such hook is made
   * anew instead.
   */
  reboot?(): void;

  /**
   * Keeps what the design's future depends on besides the VMAs and which `track` each has: what is
   * in those, and what the design holds itself. Returns what puts it back. A design that has no
   * such hook is kept property by property where its spec allows it (src/model/memory.ts).
   */
  keep?(tracks: readonly object[]): () => void;

  /** vm_area_free(): page table entries are gone, nothing refers to the VMA any more. */
  free(vma: TrackedVma): void;
}
