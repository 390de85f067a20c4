import type { Errno, Outcome } from "./errno.ts";
import { faultAnon, prepareAnonVma } from "./anon.ts";
import { modifyFlags } from "./merge.ts";
import type { Mm, MmContext } from "./mm.ts";
import type { PageCount, VirtualPage } from "./units.ts";
import type { Vma } from "./vma.ts";
import {
  VM_DONTCOPY,
  VM_DONTDUMP,
  VM_HUGEPAGE,
  VM_LOCKED,
  VM_MERGEABLE,
  VM_NOHUGEPAGE,
  VM_PRIVATE,
  VM_RAND_READ,
  VM_READ,
  VM_SEALED,
  VM_SEQ_READ,
  VM_WIPEONFORK,
  VM_WRITE,
} from "./vmaflags.ts";
import { lookAtPages, zapSpecial } from "./zap.ts";

/** What a behaviour does to a VMA. */
type Effect =
  /** It changes flags, and so cuts the VMA where they differ from what they were. */
  | { readonly sets: number; readonly clears: number }
  /** Nothing: the flag is as it says, or is never set on such a VMA. */
  | "nothing"
  | "refused"
  /** It drops pages of anonymous memory that is not locked, or any. */
  | "discard"
  | "discard-locked"
  /** It takes pages that are not locked for cold. */
  | "reclaim"
  | "populate"
  | "remove"
  | "guard";

/**
 * What each behaviour does to a pfn mapping of a file (madvise_vma_behavior(), 6.1 to 7.3). VM_IO and VM_PFNMAP refuse what
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

/** What each behaviour that does something else to anonymous memory does there. */
const ANON_EFFECTS: Readonly<Partial<Record<Behavior, Effect>>> = {
  dofork: { sets: 0, clears: VM_DONTCOPY },
  dontneed: "discard",
  wipeonfork: { sets: VM_WIPEONFORK, clears: 0 },
  keeponfork: { sets: 0, clears: VM_WIPEONFORK },
  dontdump: { sets: VM_DONTDUMP, clears: 0 },
  dodump: { sets: 0, clears: VM_DONTDUMP },
  mergeable: { sets: VM_MERGEABLE, clears: 0 },
  unmergeable: { sets: 0, clears: VM_MERGEABLE },
  free: "discard",
  cold: "reclaim",
  pageout: "reclaim",
  dontneed_locked: "discard-locked",
};

/** Those that a sealed VMA of anonymous memory refuses, unless it can be written (is_discard()). */
const DISCARDS: readonly Behavior[] = [
  "free",
  "dontneed",
  "dontneed_locked",
  "remove",
  "dontfork",
  "wipeonfork",
  "guard_install",
];

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

/** What a driver's mapping that is not VM_PFNMAP lets be done to its pages all the same. */
const UNLESS_PFNMAP: Readonly<Partial<Record<Behavior, Effect>>> = {
  dontneed: "discard",
  dontneed_locked: "discard-locked",
  cold: "reclaim",
  pageout: "reclaim",
};

/** What a behaviour does to a VMA. */
function effectOn({ isAnon, device }: Vma, behavior: Behavior, ofFiles: Effect): Effect {
  if (isAnon) return ANON_EFFECTS[behavior] ?? ofFiles;
  return device?.isPfnmap === false ? (UNLESS_PFNMAP[behavior] ?? ofFiles) : ofFiles;
}

/** The errno with which a VMA of a file ends the walk, or null. */
function refusal(context: MmContext, vma: Vma, effect: Effect): Errno | null {
  if (effect === "remove") return removal(context, vma);
  return effect === "refused" || effect === "guard" ? "EINVAL" : null;
}

/** The same for one of anonymous memory. */
function anonRefusal(vma: Vma, behavior: Behavior, effect: Effect): Errno | null {
  const isReadOnly = (vma.flags & (VM_SEALED | VM_WRITE)) === VM_SEALED;
  if (isReadOnly && DISCARDS.includes(behavior)) return "EPERM";
  if (effect === "refused" || effect === "remove") return "EINVAL";
  const mayBeLocked = typeof effect === "object" || effect === "discard-locked";
  if (mayBeLocked || effect === "nothing" || behavior === "guard_remove") return null;
  return (vma.flags & VM_LOCKED) === 0 ? null : "EINVAL";
}

/** What a behaviour does to pages of anonymous memory, besides marking them. */
function changeAnon(
  context: MmContext,
  mm: Mm,
  vma: Vma,
  start: VirtualPage,
  end: VirtualPage,
  behavior: Behavior,
): void {
  const { pageTable } = mm;
  switch (behavior) {
    case "dontneed":
    case "dontneed_locked":
      return pageTable.drop(start, end, "pages");
    case "guard_remove":
      return pageTable.drop(start, end, "guards");
    case "guard_install":
      prepareAnonVma(context, mm, vma);
      pageTable.supply(start, end);
      return pageTable.guard(start, end);
    default:
      return;
  }
}

/** What a behaviour does to pages of a driver's mapping that is not VM_PFNMAP; reclaim takes none of them. */
function changePages(
  context: MmContext,
  mm: Mm,
  vma: Vma,
  start: VirtualPage,
  end: VirtualPage,
  effect: Effect,
): void {
  if (effect === "reclaim") lookAtPages(context, mm, vma, start, end);
  if (effect === "discard" || effect === "discard-locked") {
    zapSpecial(context, mm, vma, start, end - start);
  }
}

/**
 * madvise_populate(): page by page from the first, 6.1 past gaps; what is not mapped, or a file's, or may not be
 * touched ends it, and a guard page.
 */
function populate(
  context: MmContext,
  mm: Mm,
  at: VirtualPage,
  end: VirtualPage,
  write: boolean,
): Outcome {
  let outcome: Outcome = null;
  for (let page = at; page < end; page++) {
    const vma = mm.lookup(page);
    if (vma === null && !context.profile.populateStepsOverGaps) return "ENOMEM";
    if (vma === null) {
      outcome = "ENOMEM";
      continue;
    }
    const mayTouch = (vma.flags & (write ? VM_WRITE : VM_READ)) !== 0;
    if (!vma.isAnon || !mayTouch) return "EINVAL";
    if (!faultAnon(context, mm, vma, page, write)) return "EFAULT";
  }
  return outcome;
}

/** Gives [start, end) of a VMA the flags; EAGAIN, not ENOMEM, where it cannot be cut. */
function mark(
  context: MmContext,
  mm: Mm,
  start: VirtualPage,
  end: VirtualPage,
  flags: number,
): Outcome {
  const vma = mm.lookup(start) as Vma;
  const isKept = (flags & ~vma.flags & VM_DONTCOPY) !== 0;
  if (modifyFlags(context, mm, vma, start, end, flags) !== null) return "EAGAIN";
  if (isKept && !vma.isAnon) context.tracking.dontfork?.(mm.lookup(start) as Vma);
  return null;
}

/**
 * madvise() (madvise_walk_vmas(), 6.1 to 7.3; collapse, which takes 2 MiB of pages, never finds
 * them). A gap is stepped over
 * and makes the result ENOMEM at the end; a VMA that refuses ends the walk with its errno. What
 * populates does not walk, it goes page by page. Seals do not matter to mappings of files.
 */
export function madvise(
  context: MmContext,
  mm: Mm,
  at: VirtualPage,
  pages: PageCount,
  behavior: Behavior,
): Outcome {
  const effect: Effect = EFFECTS[behavior];
  const end = at + pages;
  if (effect === "populate") return populate(context, mm, at, end, behavior === "populate_write");
  if (effect === "guard" && !context.profile.hasGuardPages) return "EINVAL";
  let outcome: Outcome = null;
  for (let from = at; from < end; ) {
    const next = mm.find(from);
    if (next === null || next.start >= end) return "ENOMEM";
    if (next.start > from) outcome = "ENOMEM";
    const done = effectOn(next, behavior, effect);
    const refused = next.isAnon ? anonRefusal(next, behavior, done) : refusal(context, next, done);
    if (refused !== null) return refused;
    const start = Math.max(from, next.start);
    const upTo = Math.min(end, next.end);
    if (next.isAnon) changeAnon(context, mm, next, start, upTo, behavior);
    else changePages(context, mm, next, start, upTo, done);
    if (typeof done === "object") {
      const flags = (next.flags & ~done.clears) | done.sets;
      const error = flags === next.flags ? null : mark(context, mm, start, upTo, flags);
      if (error !== null) return error;
    }
    from = upTo;
  }
  return outcome;
}
