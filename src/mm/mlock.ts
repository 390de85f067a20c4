import type { Outcome } from "./errno.ts";
import { populateLocked } from "./anon.ts";
import { modifyFlags } from "./merge.ts";
import type { Mm, MmContext } from "./mm.ts";
import type { PageCount, VirtualPage } from "./units.ts";
import { VM_LOCKED } from "./vmaflags.ts";

/**
 * mlock() and munlock() (apply_vma_lock_flags(), 6.1 to 7.3). Mappings of files are VM_SPECIAL here:
 * they are neither marked nor split, nothing is counted, and nothing is populated. Anonymous memory
 * is marked, and filled when it is locked: ENOMEM where that fails, as at the first gap.
 */
export function mlock(
  context: MmContext,
  mm: Mm,
  at: VirtualPage,
  pages: PageCount,
  locks: boolean,
): Outcome {
  const end = at + pages;
  for (let from = at; from < end; ) {
    const vma = mm.lookup(from);
    if (vma === null) return "ENOMEM";
    const upTo = Math.min(end, vma.end);
    const flags = locks ? vma.flags | VM_LOCKED : vma.flags & ~VM_LOCKED;
    if (vma.isAnon && flags !== vma.flags) {
      const error = modifyFlags(context, mm, vma, from, upTo, flags);
      if (error !== null) return error;
    }
    from = upTo;
  }
  return !locks || populateLocked(context, mm, at, end) ? null : "ENOMEM";
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
