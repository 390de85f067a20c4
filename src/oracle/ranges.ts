import { type Removal, UNMAP } from "./causes.ts";
import type { Observed, VmaTable } from "./observed.ts";
import type { ProcPages } from "./pages.ts";
import type { SideState } from "./state.ts";

/** Reads the VMAs that have a page in [from, to) as the side shows them. */
export function see(side: SideState, seen: Observed, from: number, to: number): void {
  side.vmas.clear();
  seen.view.readRange(side.op.proc, from, to, side.vmas);
}

/** Takes one page out of its VMA, if it is in one. */
export function lose(side: SideState, proc: ProcPages, page: number, removal: Removal): void {
  const unit = proc.unit[page] ?? null;
  if (unit === null) return;
  side.units.touch(unit, side.step, removal);
  side.pages.unmap(proc, page, unit, side.step);
}

/**
 * Takes the pages of [at, at + pages) out of their VMAs: all of them when the op succeeded, those
 * no longer seen when it failed half-way.
 */
export function clearRange(
  side: SideState,
  proc: ProcPages,
  at: number,
  pages: number,
  removal: Removal,
  all: boolean,
): void {
  const end = at + pages;
  for (let page = at; page < end; page++) {
    if (proc.unit[page] === null) continue;
    if (all || side.vmas.pfnAt(page) !== proc.pfn[page]) lose(side, proc, page, removal);
  }
}

/** Whether no VMA seen has a page in [at, at + pages). */
export function isEmpty(vmas: VmaTable, at: number, pages: number): boolean {
  const row = vmas.firstAfter(at);
  return row >= vmas.count || (vmas.start[row] as number) >= at + pages;
}

/** Whether one VMA seen maps all of [at, at + pages), the first page to `pfn`. */
export function isOneVma(vmas: VmaTable, at: number, pages: number, pfn: number): boolean {
  const row = vmas.firstAfter(at);
  if (row >= vmas.count) return false;
  const start = vmas.start[row] as number;
  if (start > at || (vmas.end[row] as number) < at + pages) return false;
  return (vmas.pfn[row] as number) + at - start === pfn;
}

/**
 * Compares [at, at + pages) of the ledger with the VMAs seen. Where they differ the backend did
 * something else than it answered: the ledger follows what is seen, and the step is surprised.
 */
export function confirmRange(side: SideState, proc: ProcPages, at: number, pages: number): void {
  const { vmas } = side;
  let row = vmas.firstAfter(at);
  for (let page = at; page < at + pages; page++) {
    while (row < vmas.count && (vmas.end[row] as number) <= page) row++;
    const start = row < vmas.count ? (vmas.start[row] as number) : page + 1;
    const pfn = start > page ? -1 : (vmas.pfn[row] as number) + page - start;
    if (pfn === (proc.unit[page] === null ? -1 : proc.pfn[page])) continue;
    side.surprised = true;
    lose(side, proc, page, UNMAP);
    if (pfn < 0) continue;
    const unit = side.units.create(pfn, 1, 0, 0, false);
    side.units.touch(unit, side.step, UNMAP);
    side.pages.map(proc, page, pfn, unit);
  }
}

/** A unit that has a VMA boundary inside is split; special VMAs never merge again. */
export function noteSplit(side: SideState, proc: ProcPages, page: number): void {
  if (page === 0 || page >= side.world.vpages) return;
  const unit = proc.unit[page] ?? null;
  if (unit === null || unit !== proc.unit[page - 1]) return;
  if (side.vmas.startsAt(page)) unit.split = true;
}
