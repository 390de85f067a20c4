import { broken } from "../pat/invariant.ts";
import { populateLocked } from "./anon.ts";
import type { Outcome } from "./errno.ts";
import { mergeNew } from "./merge.ts";
import { dupTracking, type Mm, type MmContext, splitAround } from "./mm.ts";
import { munmap } from "./munmap.ts";
import { TABLE_PAGES } from "./pagetable.ts";
import type { PageCount, VirtualPage } from "./units.ts";
import type { Vma } from "./vma.ts";
import { VM_LOCKED, VM_PRIVATE, VM_SEALED } from "./vmaflags.ts";

/** What is asked of mremap(), in pages. */
export interface MremapRequest {
  readonly at: VirtualPage;
  readonly pages: PageCount;
  readonly newPages: PageCount;
  /** MREMAP_FIXED. */
  readonly to?: VirtualPage | undefined;
  /** MREMAP_MAYMOVE, where there is no `to`. */
  readonly maymove?: boolean | undefined;
  /** MREMAP_DONTUNMAP: the old place stays mapped, without its pages. */
  readonly dontunmap?: boolean | undefined;
}

/** Whether source and destination have a page in common. */
function overlap({ at, pages, newPages, to }: MremapRequest): boolean {
  return to !== undefined && at + pages > to && to + newPages > at;
}

/**
 * Whether the limit leaves room for so many more VMAs, and from 7.1 on for one more where the source
 * may have to be cut before the move.
 */
function hasRoom({ maps, profile }: MmContext, mm: Mm, more: number, cuts: boolean): boolean {
  const ahead = cuts && profile.mremapCountsMaps === "always" ? 1 : 0;
  return mm.count + more + ahead <= maps;
}

/** Whether a VMA that is to stay is cut before its pages move. */
function isCutFirst({ profile }: MmContext, { flags }: Vma): boolean {
  return profile.dontunmapCutsLocked && (flags & VM_LOCKED) !== 0;
}

/** What every mremap() asks first of the VMA at its source: that there is one, and not sealed. */
function checkSource(vma: Vma | null): Outcome {
  if (vma === null) return "EFAULT";
  return (vma.flags & VM_SEALED) === 0 ? null : "EPERM";
}

/**
 * What vma_to_resize() (to 6.12), resize_is_valid() (6.16) and check_prep_vma() (6.18 on) say: a
 * private mapping cannot be duplicated, the range must lie in one VMA, and a pfn mapping may not
 * grow, or stay where it was while its pages go. A shrink looks at what stays only.
 */
function checkResize(vma: Vma, { at, pages, newPages, dontunmap }: MremapRequest): Outcome {
  if (pages === 0 && (vma.flags & VM_PRIVATE) !== 0) return "EINVAL";
  if (dontunmap === true && !vma.isAnon) return "EINVAL";
  if (Math.min(pages, newPages) > vma.end - at) return "EFAULT";
  return newPages > pages && !vma.isAnon ? "EFAULT" : null;
}

/**
 * move_vma(): the whole VMA is duplicated at the destination, page table entries move, and where
 * they were is unmapped, which splits the VMA when only a piece of it moves. If that split fails,
 * the old VMA stays whole without the pages that moved, and the move has succeeded. If the
 * destination's page tables cannot be had, the pages go back and the copy is unmapped.
 *
 *     |------|==moved==|----|     ->     |------|         |----|     |==copy==|
 *            at                                                      to
 */
function moveVma(context: MmContext, mm: Mm, vma: Vma, request: PlacedRequest): Outcome {
  const { tracking } = context;
  const { at, pages, newPages, to, dontunmap } = request;
  const isKept = dontunmap === true;
  const isCut = isKept && isCutFirst(context, vma);
  if (!hasRoom(context, mm, context.profile.mremapRoom.move, isCut)) return "ENOMEM";
  if (isCut) {
    const error = splitAround(context, mm, at, at + pages);
    if (error !== null) return error;
    vma = mm.lookup(at) as Vma;
  }
  const copy = copyVma(context, mm, vma, request);
  if (copy === null) return "ENOMEM";
  if (!moveTables(context, mm, at, pages, to)) {
    const isSource = context.profile.mremapErrorClearsSource;
    if (!vma.isAnon) tracking.moved(isSource ? vma : copy);
    munmap(context, mm, to, newPages);
    return "ENOMEM";
  }
  mm.pageTable.move(at, pages, to);
  if (!vma.isAnon) tracking.moved(vma);
  // A source that its copy has joined is there by another name.
  if (isKept) leaveEmpty(mm.lookup(at) as Vma, at, pages);
  else munmap(context, mm, at, pages);
  if (newPages > pages) populateLocked(context, mm, to + pages, to + newPages);
  return null;
}

/** A request whose place is known. */
type PlacedRequest = MremapRequest & { readonly to: VirtualPage };

/**
 * copy_vma(): a copy of `newPages` at the new place, or a neighbour there that has grown over it. What
 * nobody has written counts its pages from there. A VMA that stays does not join its own copy, as a rule.
 */
function copyVma(context: MmContext, mm: Mm, vma: Vma, request: PlacedRequest): Vma | null {
  const { kernel, tracking } = context;
  const { at, newPages, to, dontunmap } = request;
  const isWritten = !vma.isAnon || vma.anonVma !== 0;
  const pfn = isWritten ? vma.pfn + (at - vma.start) : 0 + to;
  if (vma.isAnon) {
    const { flags, anonVma, isForkChild } = vma;
    const range = { start: to, end: to + newPages, flags, pfn, anonVma, isForkChild };
    const joins = dontunmap === true ? context.profile.dontunmapJoins : "source";
    const isBeside = to === vma.end || to + newPages === vma.start;
    const staysAlone = joins === "none" && !isWritten && isBeside;
    const except = joins === "source" ? null : vma;
    const merged = staysAlone ? null : mergeNew(context, mm, range, except);
    if (merged !== null) return merged;
  }
  if (kernel.fails("vma")) return null;
  const copy = context.pool.copyOf(vma, to, to + newPages, pfn);
  if (!dupTracking(context, copy, vma, "move")) return null;
  if (kernel.fails("vma-setup")) {
    if (!copy.isAnon) tracking.free(copy);
    return null;
  }
  mm.insert(copy);
  copy.order = kernel.linkOrder();
  if (copy.device !== null) context.file.insert(mm, copy);
  return copy;
}

/** dontunmap_complete(): the VMA stays, unlocked, and if all its pages have gone nobody has written it. */
function leaveEmpty(vma: Vma, at: VirtualPage, pages: PageCount): void {
  vma.flags &= ~VM_LOCKED;
  if (vma.start !== at || vma.end !== at + pages) return;
  vma.anonVma = 0;
  vma.isForkChild = false;
  vma.pfn = 0 + vma.start;
}

/**
 * A move to where the kernel likes, which is outside of the window; whoever asks for it unmaps it
 * there, and the window has lost those pages.
 */
function moveAway(context: MmContext, mm: Mm, vma: Vma, request: MremapRequest): Outcome {
  const { kernel, profile } = context;
  const { at, pages, dontunmap } = request;
  const isKept = dontunmap === true;
  const isCut = isKept && isCutFirst(context, vma);
  if (!hasRoom(context, mm, profile.mremapRoom.move, isCut)) return "ENOMEM";
  if (isCut) {
    const error = splitAround(context, mm, at, at + pages);
    if (error !== null) return error;
    vma = mm.lookup(at) as Vma;
  }
  if (kernel.fails("vma") || kernel.fails("vma-setup")) return "ENOMEM";
  // Where it goes there is no table yet.
  for (let page = at; page < at + pages; page += leftInTable(page)) {
    if (mm.pageTable.hasTable(page) && kernel.fails("page-table")) return "ENOMEM";
  }
  mm.pageTable.zap(at, at + pages);
  if (isKept) leaveEmpty(vma, at, pages);
  else munmap(context, mm, at, pages);
  return null;
}

/** expand_vma(): anonymous memory grows where it is, if it ends there and nothing is behind it, or moves. */
function grow(context: MmContext, mm: Mm, vma: Vma, request: MremapRequest): Outcome {
  const { at, pages, newPages, maymove } = request;
  const next = mm.after(vma);
  const end = at + newPages;
  if (at + pages !== vma.end || (next !== null && next.start < end)) {
    return maymove === true ? moveAway(context, mm, vma, request) : "ENOMEM";
  }
  const { flags, anonVma, end: start } = vma;
  const range = { start, end, flags, pfn: vma.pfn + vma.pages, anonVma, isForkChild: false };
  if (mergeNew(context, mm, range) === null) broken(`[${start},${end}) is not like its VMA`);
  populateLocked(context, mm, start, end);
  return null;
}

/** How many pages the table that covers a page covers from there on. */
function leftInTable(page: VirtualPage): PageCount {
  return TABLE_PAGES - (page % TABLE_PAGES);
}

/** pte_alloc() of the tables that move_page_tables() needs: one wherever the source has one. */
function moveTables(
  context: MmContext,
  mm: Mm,
  at: VirtualPage,
  pages: PageCount,
  to: VirtualPage,
): boolean {
  const { pageTable } = mm;
  for (let done = 0; done < pages; ) {
    const extent = Math.min(pages - done, leftInTable(at + done), leftInTable(to + done));
    const from = to + done;
    // One entry moves as one, or not at all.
    if (extent < TABLE_PAGES) pageTable.dropLarge(at + done);
    if (pageTable.hasTable(at + done)) {
      if (pageTable.allocate(from, from + extent, context.kernel) < from + extent) return false;
    }
    done += extent;
  }
  return true;
}

/** mremap_to(): the destination goes first, then the part to shrink away, then the move. */
function mremapTo(context: MmContext, mm: Mm, request: MremapRequest): Outcome {
  const { at, newPages, to } = request;
  let { pages } = request;
  const cleared = to === undefined ? null : munmap(context, mm, to, newPages);
  if (cleared !== null) return cleared;
  if (mm.lookup(at) === null) return "EFAULT";
  if (pages > newPages) {
    const shrunk = munmap(context, mm, at + newPages, pages - newPages);
    if (shrunk !== null) return shrunk;
    pages = newPages;
  }
  const vma = mm.lookup(at);
  if (vma === null) return "EFAULT";
  const error = checkResize(vma, { ...request, pages });
  if (error !== null) return error;
  if (to === undefined) return moveAway(context, mm, vma, { ...request, pages });
  return moveVma(context, mm, vma, { ...request, pages, to });
}

/**
 * remap_move() (6.17 on): every VMA of the range moves on its own, and the gaps between them are
 * kept, so what the destination has there stays. The range must not begin with a gap.
 */
function remapMove(context: MmContext, mm: Mm, request: MremapRequest, to: VirtualPage): Outcome {
  const { at, pages } = request;
  const end = at + pages;
  if (mm.lookup(at) === null) return "EFAULT";
  for (let from = at; from < end; ) {
    const vma = mm.find(from);
    if (vma === null || vma.start >= end) break;
    const start = Math.max(from, vma.start);
    const length = Math.min(end, vma.end) - start;
    if ((vma.flags & VM_SEALED) !== 0) return "EPERM";
    const piece = { at: start, pages: length, newPages: length, to: to + (start - at) };
    const move = { ...piece, dontunmap: request.dontunmap };
    const error = checkResize(vma, move) ?? mremapTo(context, mm, move);
    if (error !== null) return error;
    from = start + length;
  }
  return null;
}

/** mremap() with a fixed destination, or with MREMAP_DONTUNMAP. */
function mremapElsewhere(context: MmContext, mm: Mm, request: MremapRequest): Outcome {
  const { at, pages, newPages, to } = request;
  const { profile } = context;
  const { mremapCountsMaps: counts, mremapRoom } = profile;
  const isFull = !hasRoom(context, mm, mremapRoom.early, request.dontunmap === true);
  const overlaps = overlap(request);
  if (profile.mremapChecksOverlapFirst && overlaps) return "EINVAL";
  if (counts !== "fixed-apart" && isFull) return "ENOMEM";
  if (profile.mremapMovesSeveral && pages === newPages && to !== undefined)
    return remapMove(context, mm, request, to);
  const vma = mm.lookup(at);
  const refused = checkSource(vma);
  if (vma === null || refused !== null) return refused;
  if (overlaps) return "EINVAL";
  if (counts === "fixed-apart" && isFull) return "ENOMEM";
  const error = profile.mremapChecksBeforeUnmap ? checkResize(vma, request) : null;
  return error ?? mremapTo(context, mm, request);
}

/**
 * mremap() of pages (mm/mremap.c, 6.1 to 7.3). Pfn mappings neither grow nor leave their place to
 * nothing, anonymous memory does. Flags: 0 or MREMAP_MAYMOVE, the latter with MREMAP_FIXED where
 * there is a `to`, with MREMAP_DONTUNMAP or both.
 */
export function mremap(context: MmContext, mm: Mm, request: MremapRequest): Outcome {
  const { at, pages, newPages, to, dontunmap } = request;
  if (newPages === 0 || (dontunmap === true && newPages !== pages)) return "EINVAL";
  if (to !== undefined || dontunmap === true) return mremapElsewhere(context, mm, request);
  const { mremapCountsMaps: counts, mremapRoom } = context.profile;
  if (counts === "always" && !hasRoom(context, mm, mremapRoom.early, false)) return "ENOMEM";
  const vma = mm.lookup(at);
  const refused = checkSource(vma);
  if (vma === null || refused !== null) return refused;
  if (newPages > pages) return checkResize(vma, request) ?? grow(context, mm, vma, request);
  return newPages < pages ? munmap(context, mm, at + newPages, pages - newPages) : null;
}
