import type { Outcome } from "./errno.ts";
import { dupTracking, type Mm, type MmContext } from "./mm.ts";
import { munmap } from "./munmap.ts";
import { TABLE_PAGES } from "./pagetable.ts";
import type { PageCount, VirtualPage } from "./units.ts";
import type { Vma } from "./vma.ts";
import { VM_PRIVATE, VM_SEALED } from "./vmaflags.ts";

/** What is asked of mremap(), in pages. */
export interface MremapRequest {
  readonly at: VirtualPage;
  readonly pages: PageCount;
  readonly newPages: PageCount;
  /** MREMAP_FIXED. */
  readonly to?: VirtualPage | undefined;
  /** MREMAP_DONTUNMAP: the old place stays mapped, without its pages. */
  readonly dontunmap?: boolean | undefined;
}

/** Whether source and destination have a page in common. */
function overlap({ at, pages, newPages, to }: MremapRequest): boolean {
  return to !== undefined && at + pages > to && to + newPages > at;
}

/** Whether the limit leaves room for so many more VMAs. */
function hasRoom({ maps }: MmContext, mm: Mm, more: number): boolean {
  return mm.count + more <= maps;
}

/** What every mremap() asks first of the VMA at its source: that there is one, and not sealed. */
function checkSource(vma: Vma | null): Outcome {
  if (vma === null) return "EFAULT";
  return (vma.flags & VM_SEALED) === 0 ? null : "EPERM";
}

/**
 * What vma_to_resize() (to 6.12), resize_is_valid() (6.16) and check_prep_vma() (6.18 on) say of
 * a pfn mapping: a private one cannot be duplicated, the range must lie in one VMA, and nothing
 * may grow, or stay where it was while its pages go. A shrink looks at what stays only.
 */
function checkResize(vma: Vma, { at, pages, newPages, dontunmap }: MremapRequest): Outcome {
  if (pages === 0 && (vma.flags & VM_PRIVATE) !== 0) return "EINVAL";
  if (dontunmap === true) return "EINVAL";
  if (Math.min(pages, newPages) > vma.end - at) return "EFAULT";
  return newPages > pages ? "EFAULT" : null;
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
function moveVma(
  context: MmContext,
  mm: Mm,
  vma: Vma,
  at: VirtualPage,
  pages: PageCount,
  to: VirtualPage,
): Outcome {
  const { kernel, tracking } = context;
  if (!hasRoom(context, mm, context.profile.mremapRoom.move)) return "ENOMEM";
  if (kernel.fails("vma")) return "ENOMEM";
  const copy = context.pool.copyOf(vma, to, to + pages, vma.pfn + (at - vma.start));
  if (!dupTracking(context, copy, vma, "move")) return "ENOMEM";
  if (kernel.fails("vma-setup")) {
    tracking.free(copy);
    return "ENOMEM";
  }
  mm.insert(copy);
  copy.order = kernel.linkOrder();
  if (copy.device !== null) context.file.insert(mm, copy);
  if (!moveTables(context, mm, at, pages, to)) {
    const isSource = context.profile.mremapErrorClearsSource;
    tracking.moved(isSource ? vma : copy);
    munmap(context, mm, to, pages);
    return "ENOMEM";
  }
  mm.pageTable.move(at, pages, to);
  tracking.moved(vma);
  munmap(context, mm, at, pages);
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
  // Only MREMAP_DONTUNMAP comes here without a place, and it has been refused.
  return to === undefined ? "EINVAL" : moveVma(context, mm, vma, at, pages, to);
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
  const isFull = !hasRoom(context, mm, mremapRoom.early);
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
 * mremap() of pages (mm/mremap.c, 6.1 to 7.3; reduced to pfn mappings, which neither grow nor leave
 * their place to nothing, so that MREMAP_MAYMOVE alone makes no difference). Flags: 0, or
 * MREMAP_MAYMOVE with MREMAP_FIXED where there is a `to`, MREMAP_DONTUNMAP or both.
 */
export function mremap(context: MmContext, mm: Mm, request: MremapRequest): Outcome {
  const { at, pages, newPages, to, dontunmap } = request;
  if (newPages === 0 || (dontunmap === true && newPages !== pages)) return "EINVAL";
  if (to !== undefined || dontunmap === true) return mremapElsewhere(context, mm, request);
  const { mremapCountsMaps: counts, mremapRoom } = context.profile;
  if (counts === "always" && !hasRoom(context, mm, mremapRoom.early)) return "ENOMEM";
  const vma = mm.lookup(at);
  const refused = checkSource(vma);
  if (vma === null || refused !== null) return refused;
  if (newPages > pages) return checkResize(vma, request);
  return newPages < pages ? munmap(context, mm, at + newPages, pages - newPages) : null;
}
