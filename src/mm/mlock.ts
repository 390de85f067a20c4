import type { Outcome } from "./errno.ts";
import type { Mm } from "./mm.ts";
import type { PageCount, VirtualPage } from "./units.ts";

/**
 * mlock() and munlock() (apply_vma_lock_flags(), 6.1 to 7.3; reduced to pfn mappings). These VMAs
 * are VM_SPECIAL: they are neither marked nor split, nothing is counted, and nothing is populated.
 * All that is left is the walk, which ends with ENOMEM at the first gap.
 */
export function mlock(mm: Mm, at: VirtualPage, pages: PageCount): Outcome {
  return hasGap(mm, at, at + pages) ? "ENOMEM" : null;
}

/** Whether a page of [start, end) is in no VMA. */
export function hasGap(mm: Mm, start: VirtualPage, end: VirtualPage): boolean {
  for (let from = start; from < end; ) {
    const vma = mm.lookup(from);
    if (vma === null) return true;
    from = vma.end;
  }
  return false;
}
