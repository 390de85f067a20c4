import type { ModeRef } from "../pat/memtype.ts";
import type { PageCacheMode } from "../pat/cachemode.ts";
import type { Outcome } from "./errno.ts";
import type { Mm } from "./mm.ts";
import type { PageCount, Pfn } from "./units.ts";
import type { Vma } from "./vma.ts";

/** Why a VMA was duplicated. */
export type DupReason = "split" | "move" | "fork";

/** Why page table entries of a VMA go: the VMA goes with them, or it stays. */
export type UnmapReason = "unmap" | "zap";

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
  remap(vma: Vma, wanted: PageCacheMode, granted: ModeRef, pfn: Pfn): Outcome;

  /**
   * remap_pfn_range() could not fill the page table, and has zapped what it had filled. `whole`
   * tells whether remap() was asked before; a part was only looked up.
   */
  remapFailed(vma: Vma, pfn: Pfn, pages: PageCount, whole: boolean): void;

  /** vm_area_dup(): `copy` was made from `original`; its range is set already. */
  dup(copy: Vma, original: Vma, reason: DupReason): void;

  /**
   * copy_page_range() on fork, after the child's VMA is linked and before its page table is
   * filled. An errno makes the fork fail.
   */
  copy(childVma: Vma, parent: Mm, parentVma: Vma): Outcome;

  /** copy_page_range() could not fill the child's page table after copy() had succeeded. */
  copyFailed(childVma: Vma, parent: Mm, parentVma: Vma): void;

  /**
   * unmap_single_vma(): entries of the VMA's page table are about to go, all of them on unmap, any
   * part of them on a zap; they still stand.
   */
  unmap(mm: Mm, vma: Vma, reason: UnmapReason): void;

  /**
   * mremap() has moved pages away from this VMA, and is about to unmap where they were. After a
   * failed move the VMA is the copy, whose pages have gone back.
   */
  moved(vma: Vma): void;

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
  free(vma: Vma): void;
}
