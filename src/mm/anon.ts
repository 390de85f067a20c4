import type { Outcome } from "./errno.ts";
import type { MmContext, Mm } from "./mm.ts";
import { makeRoom } from "./mmap.ts";
import { mergeNew } from "./merge.ts";
import type { PageCount, VirtualPage } from "./units.ts";
import type { Vma } from "./vma.ts";
import { VM_LOCKED, VM_READ, VM_WRITE } from "./vmaflags.ts";

/**
 * mmap(MAP_FIXED) of private anonymous memory that is not accounted (MAP_ANONYMOUS, MAP_PRIVATE,
 * MAP_NORESERVE): what is there goes, and the new range joins neighbours that are like it.
 */
export function mmapAnon(
  context: MmContext,
  mm: Mm,
  at: VirtualPage,
  pages: PageCount,
  flags: number,
): Outcome {
  const refused = makeRoom(context, mm, at, at + pages, true);
  if (refused !== null) return refused;
  const pfn = 0 + at;
  const range = { start: at, end: at + pages, flags, pfn, anonVma: 0, isForkChild: false };
  if (mergeNew(context, mm, range) !== null) return null;
  const vma = context.pool.take(at, at + pages, pfn, flags);
  vma.isAnon = true;
  mm.insert(vma);
  return null;
}

/** Whether two VMAs that adjoin could share an anon_vma (anon_vma_compatible()). */
function couldShare(lower: Vma, upper: Vma): boolean {
  return (
    lower.isAnon &&
    upper.isAnon &&
    lower.end === upper.start &&
    ((lower.flags ^ upper.flags) & ~(VM_READ | VM_WRITE)) === 0 &&
    upper.pfn === lower.pfn + (upper.start - lower.start)
  );
}

/** Whether another VMA's anon_vma may serve too (reusable_anon_vma()). */
function isReusable({ anonVma, isForkChild }: Vma): boolean {
  return anonVma !== 0 && !isForkChild;
}

/** anon_vma_prepare(): that of the next VMA or of the one before, where they are alike, or a new one. */
export function prepareAnonVma({ kernel }: MmContext, mm: Mm, vma: Vma): void {
  if (vma.anonVma !== 0) return;
  const next = mm.lookup(vma.end);
  const before = vma.start > 0 ? mm.lookup(vma.start - 1) : null;
  if (next !== null && couldShare(vma, next) && isReusable(next)) vma.anonVma = next.anonVma;
  else if (before !== null && couldShare(before, vma) && isReusable(before)) {
    vma.anonVma = before.anonVma;
  } else vma.anonVma = kernel.nextAnonVma();
}

/**
 * handle_mm_fault() of a page of anonymous memory (do_anonymous_page()): a page that is only read
 * is the zero page, which leaves no trace. False at a guard page.
 */
export function faultAnon(
  context: MmContext,
  mm: Mm,
  vma: Vma,
  at: VirtualPage,
  write: boolean,
): boolean {
  const { pageTable } = mm;
  if (pageTable.isGuard(at)) return false;
  pageTable.supply(at, at + 1);
  if (!write) return true;
  prepareAnonVma(context, mm, vma);
  pageTable.copyOnWrite(at);
  return true;
}

/**
 * populate_vma_page_range() for [start, end) of one VMA that is locked: pages are written where
 * they may be. False where nobody may touch them, or at a guard page.
 */
function populateVma(
  context: MmContext,
  mm: Mm,
  vma: Vma,
  start: VirtualPage,
  end: VirtualPage,
): boolean {
  if ((vma.flags & VM_READ) === 0) return false;
  const write = (vma.flags & VM_WRITE) !== 0;
  for (let at = start; at < end; at++) if (!faultAnon(context, mm, vma, at, write)) return false;
  return true;
}

/** __mm_populate(): what is locked of [start, end) is filled; mappings of files are stepped over. False at the first that fails. */
export function populateLocked(
  context: MmContext,
  mm: Mm,
  start: VirtualPage,
  end: VirtualPage,
): boolean {
  for (let vma = mm.find(start); vma !== null && vma.start < end; vma = mm.after(vma)) {
    if ((vma.flags & VM_LOCKED) === 0) continue;
    const [from, to] = [Math.max(start, vma.start), Math.min(end, vma.end)];
    if (!populateVma(context, mm, vma, from, to)) return false;
  }
  return true;
}
