import { NO_CAUSE, UNTRACK_FIRST } from "../causes.ts";
import type { Observed } from "../observed.ts";
import type { SideState } from "../state.ts";
import type { Unit } from "../unit.ts";

/** untracked-mapping: a page is mapped, not copied, and no reservation covers it. */
export function checkUntrackedMapping(side: SideState, pfn: number): void {
  const cause = side.orOp(unitMapping(side, pfn, false)?.misfit ?? NO_CAUSE);
  side.report("untracked-mapping", cause, () => `pfn ${pfn} is mapped and not reserved`);
}

/**
 * Looks for a page that was untracked while a tracked mapping still mapped it, before the ledger
 * learns what became of it: one that is mapped since before the op, or by the mmap() at hand. VM_PAT
 * untracks in unmap_single_vma(), ahead of every entry that it clears: that is the design. The page
 * tables of a task that died in a BUG stay as they are, so nothing can be told beside them.
 */
export function noteBared(side: SideState, { bared, hasVmPat }: Observed): void {
  if (side.hasToldBared || side.hasDied || hasVmPat) return;
  const { op, pages } = side;
  for (const { start, end } of bared) {
    for (let pfn = start; pfn < end; pfn++) {
      const isMmap = op.op === "mmap" && pfn >= op.pfn && pfn < op.pfn + op.pages;
      if (!isMmap && !pages.isTracked(pfn)) continue;
      side.bared = pfn;
      return;
    }
  }
}

/**
 * untracked-mapping, within a step, whose end does not show it. Where a mapping that nothing tracks
 * has the page too, it may have been that one that was seen.
 */
export function checkBared(side: SideState): void {
  const { bared: pfn } = side;
  if (unitMapping(side, pfn, true) !== null) return;
  side.hasToldBared = true;
  const tell = () => `pfn ${pfn} was untracked while page tables still mapped it`;
  side.report("untracked-mapping", UNTRACK_FIRST, tell);
}

/**
 * A unit that maps the pfn, by a search of all processes; null if none does. `untracked`: one that
 * nothing tracks.
 */
function unitMapping({ procs }: SideState, pfn: number, untracked: boolean): Unit | null {
  for (const [, proc] of procs.everyLiving()) {
    for (const area of proc.every()) {
      const page = area.start + pfn - area.pfn;
      if (untracked && !area.unit.isUntracked) continue;
      if (page >= area.start && page < area.end && !proc.isOff(page)) return area.unit;
    }
  }
  return null;
}
