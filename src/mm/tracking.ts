import type { ModeRef } from "../pat/memtype.ts";
import type { PageCacheMode } from "../pat/cachemode.ts";
import type { Outcome } from "./errno.ts";
import type { Mm } from "./mm.ts";
import type { Vma } from "./vma.ts";

/** Why a VMA was duplicated. */
export type DupReason = "split" | "move" | "fork";

/**
 * The seam that the kernel series changed: everything the address space tells to, and asks of,
 * the tracking of PFN mappings. A design is one implementation; it may keep what it likes in
 * `vma.track`. Each hook names the kernel moment at which it is called.
 */
export interface PfnTracking {
  /**
   * remap_pfn_range() over a whole VMA, before any page is mapped. On success `granted` holds
   * the cache mode to map with.
   */
  remap(vma: Vma, wanted: PageCacheMode, granted: ModeRef): Outcome;

  /** vm_area_dup(): `copy` was made from `original`; its range is set already. */
  dup(copy: Vma, original: Vma, reason: DupReason): void;

  /**
   * copy_page_range() on fork, after the child's VMA is linked and before its page table is
   * filled. An errno makes the fork fail.
   */
  copy(childVma: Vma, parent: Mm, parentVma: Vma): Outcome;

  /** unmap_single_vma(): the whole VMA is being unmapped; its page table entries still stand. */
  unmap(mm: Mm, vma: Vma): void;

  /** mremap() has moved pages away from this VMA, and is about to unmap where they were. */
  moved(vma: Vma): void;

  /** vm_area_free(): page table entries are gone, nothing refers to the VMA any more. */
  free(vma: Vma): void;
}
