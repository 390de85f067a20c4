import type { Outcome } from "./errno.ts";
import { type Mm, type MmContext, splitAround } from "./mm.ts";
import type { PageCount, VirtualPage } from "./units.ts";
import type { Vma } from "./vma.ts";
import { type Prot, protFlags, VM_PROT, VM_SEALED } from "./vmaflags.ts";

/**
 * mprotect() (do_mprotect_pkey(), 6.1 to 7.2; reduced: every file is open for writing, so no
 * protection is refused). It works VMA by VMA and stops at the first gap with ENOMEM, at a sealed
 * VMA with EPERM; what came before has changed. These VMAs never merge again (VM_SPECIAL).
 */
export function mprotect(
  context: MmContext,
  mm: Mm,
  at: VirtualPage,
  pages: PageCount,
  prot: Prot,
): Outcome {
  const end = at + pages;
  const wanted = protFlags(prot);
  for (let from = at; from < end; ) {
    const vma = mm.lookup(from);
    if (vma === null) return "ENOMEM";
    const upTo = Math.min(end, vma.end);
    if ((vma.flags & VM_SEALED) !== 0) return "EPERM";
    if ((vma.flags & VM_PROT) !== wanted) {
      const error = splitAround(context, mm, from, upTo);
      if (error !== null) return error;
      const changed = mm.lookup(from) as Vma;
      changed.flags = (changed.flags & ~VM_PROT) | wanted;
    }
    from = upTo;
  }
  return null;
}
