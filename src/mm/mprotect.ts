import type { Errno, Outcome } from "./errno.ts";
import { type Mm, type MmContext, splitAround } from "./mm.ts";
import type { PageCount, VirtualPage } from "./units.ts";
import type { Vma } from "./vma.ts";
import { type Prot, protFlags, VM_DONTCOPY, VM_PROT, VM_SEALED } from "./vmaflags.ts";

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

/** madvise() behaviours that reach device mappings. */
export type Behavior = "dontfork" | "dofork" | "dontneed" | "wipeonfork" | "willneed";

/**
 * What a behaviour says of a pfn mapping of a file: VM_IO refuses DOFORK, VM_PFNMAP refuses
 * DONTNEED, a file refuses WIPEONFORK, and WILLNEED has nothing to read ahead on a device.
 */
function refusal(behavior: Behavior): Errno | null {
  return behavior === "dontfork" || behavior === "willneed" ? null : "EINVAL";
}

/**
 * madvise() (madvise_walk_vmas(), 6.1 to 7.2; reduced to these behaviours). A gap is stepped over
 * and makes the result ENOMEM at the end; a VMA that refuses ends the walk with its errno.
 */
export function madvise(
  context: MmContext,
  mm: Mm,
  at: VirtualPage,
  pages: PageCount,
  behavior: Behavior,
): Outcome {
  const end = at + pages;
  let outcome: Outcome = null;
  for (let from = at; from < end; ) {
    const next = mm.find(from);
    if (next === null || next.start >= end) return "ENOMEM";
    if (next.start > from) outcome = "ENOMEM";
    const refused = refusal(behavior);
    if (refused !== null) return refused;
    const start = Math.max(from, next.start);
    const upTo = Math.min(end, next.end);
    if (behavior === "dontfork" && (next.flags & VM_DONTCOPY) === 0) {
      // madvise() tells that memory is short by EAGAIN.
      if (splitAround(context, mm, start, upTo) !== null) return "EAGAIN";
      const left = mm.lookup(start) as Vma;
      left.flags |= VM_DONTCOPY;
      context.tracking.dontfork?.(left);
    }
    from = upTo;
  }
  return outcome;
}
