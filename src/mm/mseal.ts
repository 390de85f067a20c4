import type { Outcome } from "./errno.ts";
import { hasGap } from "./mlock.ts";
import { type Mm, type MmContext, splitAround } from "./mm.ts";
import type { PageCount, VirtualPage } from "./units.ts";
import type { Vma } from "./vma.ts";
import { VM_SEALED } from "./vmaflags.ts";

/**
 * mseal() (mm/mseal.c, 6.12 to 7.3; reduced to pfn mappings, which never merge). A gap is found
 * before anything is sealed. From then on munmap(), mprotect(), mremap() and what would replace
 * the VMA are refused; madvise() is not, because a file is mapped, and exit takes it along.
 */
export function mseal(context: MmContext, mm: Mm, at: VirtualPage, pages: PageCount): Outcome {
  if (!context.profile.hasMseal) return "ENOSYS";
  const end = at + pages;
  if (hasGap(mm, at, end)) return "ENOMEM";
  for (let from = at; from < end; ) {
    const vma = mm.lookup(from) as Vma;
    const upTo = Math.min(end, vma.end);
    if ((vma.flags & VM_SEALED) === 0) {
      const error = splitAround(context, mm, from, upTo);
      if (error !== null) return error;
      (mm.lookup(from) as Vma).flags |= VM_SEALED;
    }
    from = upTo;
  }
  return null;
}
