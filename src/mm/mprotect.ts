import type { Outcome } from "./errno.ts";
import { populateLocked } from "./anon.ts";
import { modifyFlags } from "./merge.ts";
import type { Mm, MmContext } from "./mm.ts";
import type { PageCount, VirtualPage } from "./units.ts";
import {
  type Prot,
  protFlags,
  VM_LOCKED,
  VM_PKEY,
  VM_PROT,
  VM_SEALED,
  VM_WRITE,
} from "./vmaflags.ts";
import { lookAtPages } from "./zap.ts";

/** Whether locked memory that could not be written can be from now on. */
function isMadeWritable(before: number, after: number): boolean {
  return (before & (VM_WRITE | VM_LOCKED)) === VM_LOCKED && (after & VM_WRITE) !== 0;
}

/** The protection key that pkey_mprotect() is given, by what it is to the process; `keep` is -1, and mprotect() itself. */
export type ProtectionKey = "keep" | "default" | "own" | "unallocated";

/**
 * mprotect() and pkey_mprotect() (do_mprotect_pkey(), 6.1 to 7.2; reduced: every file is open for writing, so no
 * protection is refused). It works VMA by VMA and stops at the first gap with ENOMEM, at a sealed
 * VMA with EPERM; what came before has changed. VMAs of files never merge again (VM_SPECIAL), anonymous memory does.
 * A key that the process has not allocated is refused before anything else; the process has all rights to its own, so a
 * key marks a VMA and no more.
 */
export function mprotect(
  context: MmContext,
  mm: Mm,
  at: VirtualPage,
  pages: PageCount,
  prot: Prot,
  key: ProtectionKey,
): Outcome {
  if (key === "unallocated") return "EINVAL";
  const end = at + pages;
  const changed = key === "keep" ? VM_PROT : VM_PROT | VM_PKEY;
  const wanted = protFlags(prot) | (key === "own" ? VM_PKEY : 0);
  for (let from = at; from < end; ) {
    const vma = mm.lookup(from);
    if (vma === null) return "ENOMEM";
    const upTo = Math.min(end, vma.end);
    if ((vma.flags & VM_SEALED) !== 0) return "EPERM";
    if ((vma.flags & changed) !== wanted) {
      const flags = (vma.flags & ~changed) | wanted;
      const error = modifyFlags(context, mm, vma, from, upTo, flags);
      if (error !== null) return error;
      if (context.profile.mprotectLooksAtPages) lookAtPages(context, mm, vma, from, upTo);
      // A private mapping that is locked and becomes writable is filled, as far as that goes.
      if (isMadeWritable(vma.flags, flags)) populateLocked(context, mm, from, upTo);
    }
    from = upTo;
  }
  return null;
}
