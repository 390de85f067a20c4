import type { Errno, Outcome } from "./errno.ts";
import { type Mm, type MmContext, splitAround } from "./mm.ts";
import type { PageCount, VirtualPage } from "./units.ts";
import type { Vma } from "./vma.ts";
import {
  VM_DONTCOPY,
  VM_HUGEPAGE,
  VM_NOHUGEPAGE,
  VM_PRIVATE,
  VM_RAND_READ,
  VM_SEQ_READ,
} from "./vmaflags.ts";

/** What a behaviour does to a pfn mapping of a file. */
type Effect =
  /** It changes flags, and so cuts the VMA where they differ from what they were. */
  | { readonly sets: number; readonly clears: number }
  /** Nothing: the flag is as it says, or is never set on such a VMA. */
  | "nothing"
  | "refused"
  | "populate"
  | "remove"
  | "guard";

/**
 * What each behaviour does (madvise_vma_behavior(), 6.1 to 7.3). VM_IO and VM_PFNMAP refuse what
 * drops, reclaims, fills or dumps pages; huge pages are a mark that nothing ever looks at there;
 * KSM leaves such VMAs alone and says so to nobody.
 */
const EFFECTS = {
  dontfork: { sets: VM_DONTCOPY, clears: 0 },
  dofork: "refused",
  dontneed: "refused",
  wipeonfork: "refused",
  willneed: "nothing",
  normal: { sets: 0, clears: VM_RAND_READ | VM_SEQ_READ },
  random: { sets: VM_RAND_READ, clears: VM_SEQ_READ },
  sequential: { sets: VM_SEQ_READ, clears: VM_RAND_READ },
  hugepage: { sets: VM_HUGEPAGE, clears: VM_NOHUGEPAGE },
  nohugepage: { sets: VM_NOHUGEPAGE, clears: VM_HUGEPAGE },
  keeponfork: "nothing",
  dontdump: "nothing",
  dodump: "refused",
  mergeable: "nothing",
  unmergeable: "nothing",
  free: "refused",
  cold: "refused",
  pageout: "refused",
  dontneed_locked: "refused",
  populate_read: "populate",
  populate_write: "populate",
  collapse: "refused",
  remove: "remove",
  guard_install: "guard",
  guard_remove: "guard",
} as const satisfies Readonly<Record<string, Effect>>;

/** madvise() behaviours by the kernel's names without MADV_; those that poison memory are left out. */
export type Behavior = keyof typeof EFFECTS;

/**
 * madvise_remove() and vfs_fallocate(): no file behind a pfn mapping can be punched, and which
 * check says so first depends on the file. Pages of a resource are counted from physical address 0,
 * which puts them past 2 GiB, the size that files of sysfs may have.
 */
function removal({ profile }: MmContext, vma: Vma): Errno {
  if ((vma.flags & VM_PRIVATE) !== 0) return "EACCES";
  if (vma.device !== null || vma.isDevmem) return "ENODEV";
  return profile.sysfsHasLargeFiles ? "EOPNOTSUPP" : "EFBIG";
}

/** The errno with which a VMA ends the walk, or null. */
function refusal(context: MmContext, vma: Vma, effect: Effect): Errno | null {
  if (effect === "remove") return removal(context, vma);
  return effect === "refused" || effect === "guard" ? "EINVAL" : null;
}

/** Gives [start, end) of a VMA the flags; EAGAIN, not ENOMEM, where it cannot be cut. */
function mark(
  context: MmContext,
  mm: Mm,
  start: VirtualPage,
  end: VirtualPage,
  flags: number,
): Outcome {
  if (splitAround(context, mm, start, end) !== null) return "EAGAIN";
  const vma = mm.lookup(start) as Vma;
  const isKept = (flags & ~vma.flags & VM_DONTCOPY) !== 0;
  vma.flags = flags;
  if (isKept) context.tracking.dontfork?.(vma);
  return null;
}

/**
 * madvise() (madvise_walk_vmas(), 6.1 to 7.3; reduced to pfn mappings). A gap is stepped over
 * and makes the result ENOMEM at the end; a VMA that refuses ends the walk with its errno. What
 * populates does not walk: the first page decides. Seals do not matter to mappings of files.
 */
export function madvise(
  context: MmContext,
  mm: Mm,
  at: VirtualPage,
  pages: PageCount,
  behavior: Behavior,
): Outcome {
  const effect: Effect = EFFECTS[behavior];
  if (effect === "populate") return mm.lookup(at) === null ? "ENOMEM" : "EINVAL";
  if (effect === "guard" && !context.profile.hasGuardPages) return "EINVAL";
  const end = at + pages;
  let outcome: Outcome = null;
  for (let from = at; from < end; ) {
    const next = mm.find(from);
    if (next === null || next.start >= end) return "ENOMEM";
    if (next.start > from) outcome = "ENOMEM";
    const refused = refusal(context, next, effect);
    if (refused !== null) return refused;
    const start = Math.max(from, next.start);
    const upTo = Math.min(end, next.end);
    if (typeof effect === "object") {
      const flags = (next.flags & ~effect.clears) | effect.sets;
      const error = flags === next.flags ? null : mark(context, mm, start, upTo, flags);
      if (error !== null) return error;
    }
    from = upTo;
  }
  return outcome;
}
