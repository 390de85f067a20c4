import type { Outcome } from "./errno.ts";
import { hasGap } from "./mlock.ts";
import { modifyFlags } from "./merge.ts";
import type { Mm, MmContext } from "./mm.ts";
import type { PageCount, VirtualPage } from "./units.ts";
import type { Vma } from "./vma.ts";
import { VM_SEALED } from "./vmaflags.ts";

/**
 * mseal() (mm/mseal.c, 6.12 to 7.3). A gap is found before anything is sealed. From then on
 * munmap(), mprotect(), mremap() and what would replace the VMA are refused; exit takes it along.
 */
export function mseal(context: MmContext, mm: Mm, at: VirtualPage, pages: PageCount): Outcome {
  if (!context.profile.hasMseal) return "ENOSYS";
  const end = at + pages;
  if (hasGap(mm, at, end)) return "ENOMEM";
  for (let from = at; from < end; ) {
    const vma = mm.lookup(from) as Vma;
    const upTo = Math.min(end, vma.end);
    if ((vma.flags & VM_SEALED) === 0) {
      const error = modifyFlags(context, mm, vma, from, upTo, vma.flags | VM_SEALED);
      if (error !== null) return error;
    }
    from = upTo;
  }
  return null;
}
