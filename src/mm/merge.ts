import type { Outcome } from "./errno.ts";
import { type Mm, type MmContext, splitAround } from "./mm.ts";
import type { Pfn, VirtualPage } from "./units.ts";
import type { Vma } from "./vma.ts";

/** A range of anonymous memory that may join a VMA next to it (struct vma_merge_struct). */
export interface Mergeable {
  readonly start: VirtualPage;
  readonly end: VirtualPage;
  readonly flags: number;
  /** What a VMA of it would have as its `pfn`. */
  readonly pfn: Pfn;
  readonly anonVma: number;
  /** The VMA that it is, or is a copy of, is a fork's child; false where it is neither. */
  readonly isForkChild: boolean;
}

/** Whether a VMA's anon_vma, if any, can serve a range too (is_mergeable_anon_vma()). */
function canShare({ profile }: MmContext, vma: Vma, range: Mergeable): boolean {
  if (vma.anonVma !== 0 && range.anonVma === 0) return !vma.isForkChild;
  if (vma.anonVma === 0 && range.anonVma !== 0) {
    return profile.mergesIntoUnwritten && !range.isForkChild;
  }
  return vma.anonVma === range.anonVma;
}

/** Whether a range may join a VMA that it adjoins, `distance` pages behind its begin. */
function canJoin(context: MmContext, vma: Vma, range: Mergeable, distance: number): boolean {
  return (
    vma.isAnon &&
    vma.flags === range.flags &&
    range.pfn === vma.pfn + distance &&
    canShare(context, vma, range)
  );
}

/** The neighbours that a range may join; both only where these two may be one as well. */
function neighbours(
  context: MmContext,
  mm: Mm,
  range: Mergeable,
  except: Vma | null,
): { readonly before: Vma | null; readonly next: Vma | null } {
  const { start, end } = range;
  let before = start > 0 ? mm.lookup(start - 1) : null;
  if (before === except || before?.end !== start) before = null;
  if (before !== null && !canJoin(context, before, range, before.pages)) before = null;
  let next = end < mm.end ? mm.lookup(end) : null;
  if (next === except || next?.start !== end) next = null;
  if (next !== null && !canJoin(context, next, range, start - end)) next = null;
  if (before !== null && next !== null) {
    const alike = before.anonVma === next.anonVma;
    if (!alike && before.anonVma !== 0 && next.anonVma !== 0) next = null;
  }
  return { before, next };
}

/** dup_anon_vma(): a VMA that grows has the anon_vma of what it takes in, where it had none. */
function adopt(vma: Vma, { anonVma, isForkChild }: Pick<Vma, "anonVma" | "isForkChild">): void {
  if (vma.anonVma !== 0 || anonVma === 0) return;
  vma.anonVma = anonVma;
  vma.isForkChild = isForkChild;
}

/** Makes a VMA begin elsewhere; the list of VMAs knows them by where they begin. */
function beginAt(mm: Mm, vma: Vma, start: VirtualPage): void {
  mm.remove(vma);
  vma.pfn += start - vma.start;
  vma.start = start;
  mm.insert(vma);
}

/**
 * vma_merge_new_range(): a neighbour grows over a range where nothing is, or both do and become
 * one. Returns the VMA that holds it then, or null. `except` keeps to itself.
 */
export function mergeNew(
  context: MmContext,
  mm: Mm,
  range: Mergeable,
  except: Vma | null = null,
): Vma | null {
  const { before, next } = neighbours(context, mm, range, except);
  if (before !== null) {
    adopt(before, range);
    if (next !== null) {
      adopt(before, next);
      mm.remove(next);
    }
    before.end = next?.end ?? range.end;
    return before;
  }
  if (next === null) return null;
  adopt(next, range);
  beginAt(mm, next, range.start);
  return next;
}

/** vma_merge_existing_range(): a part of a VMA that reaches one of its ends goes to its neighbour there. */
function mergeExisting(
  context: MmContext,
  mm: Mm,
  vma: Vma,
  start: VirtualPage,
  end: VirtualPage,
  flags: number,
): boolean {
  const { anonVma, isForkChild } = vma;
  const range = { start, end, flags, pfn: vma.pfn + (start - vma.start), anonVma, isForkChild };
  const { before, next } = neighbours(context, mm, range, vma);
  if (before === null && next === null) return false;
  const isWhole = start === vma.start && end === vma.end;
  if (isWhole) mm.remove(vma);
  if (before !== null) {
    if (!isWhole) beginAt(mm, vma, end);
    adopt(before, next !== null && next.anonVma !== 0 ? next : vma);
    if (next !== null) mm.remove(next);
    before.end = next?.end ?? end;
  } else if (next !== null) {
    if (!isWhole) vma.end = start;
    adopt(next, vma);
    beginAt(mm, next, start);
  }
  return true;
}

/**
 * vma_modify_flags(): [start, end), which lies in a VMA, has these flags from then on. Anonymous
 * memory joins a neighbour that is like it then; anything else is cut.
 */
export function modifyFlags(
  context: MmContext,
  mm: Mm,
  vma: Vma,
  start: VirtualPage,
  end: VirtualPage,
  flags: number,
): Outcome {
  if (vma.isAnon && mergeExisting(context, mm, vma, start, end, flags)) return null;
  const error = splitAround(context, mm, start, end);
  if (error !== null) return error;
  (mm.lookup(start) as Vma).flags = flags;
  return null;
}
