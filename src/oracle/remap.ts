import type { OpOf } from "../trace/op.ts";
import { HEAD, MIDDLE, MOVE, NO_CAUSE, SHRINK, TAIL, UNMAP } from "./causes.ts";
import { type Observed, PAT_LOST } from "./observed.ts";
import type { ProcPages } from "./pages.ts";
import { clearRange, confirmRange, lose, noteSplit, see } from "./ranges.ts";
import type { SideState } from "./state.ts";
import type { Unit } from "./unit.ts";

/**
 * mremap() is followed by what is seen, because releases differ in how far a failing one gets
 * and in whether one call may move several VMAs.
 */
export function applyMremap(
  side: SideState,
  op: OpOf<"mremap">,
  proc: ProcPages,
  seen: Observed,
): void {
  seeBothEnds(side, op, seen);
  const kept = Math.min(op.pages, op.newPages);
  if (op.to !== undefined) replaceTarget(side, op, proc, op.to, kept);
  clearRange(side, proc, op.at + kept, op.pages - kept, SHRINK, false);
  if (op.to !== undefined) {
    movePages(side, proc, op.at, op.to, kept);
    confirmRange(side, proc, op.to, op.newPages);
  }
  if (seen.outcome !== null) noteCuts(side, op, proc);
  if (op.to !== undefined && op.fault !== undefined) return;
  const grownTo = op.to === undefined ? op.newPages : 0;
  confirmRange(side, proc, op.at, Math.max(op.pages, grownTo));
}

/** A failing mremap() may have cut the VMAs that it could not unmap then. */
function noteCuts(side: SideState, op: OpOf<"mremap">, proc: ProcPages): void {
  noteSplit(side, proc, op.at + op.newPages);
  if (op.to !== undefined) noteSplit(side, proc, op.to);
}

/** Reads the VMAs of the source, with those next to it, and of the target; in order of address. */
function seeBothEnds(side: SideState, op: OpOf<"mremap">, seen: Observed): void {
  const { at, to } = op;
  const end = at + Math.max(op.pages, op.newPages) + 1;
  if (to !== undefined && to < at) see(side, seen, to, to + op.newPages);
  else side.vmas.clear();
  seen.view.readRange(op.proc, at - 1, end, side.vmas);
  if (to !== undefined && to >= at) {
    seen.view.readRange(op.proc, to, to + op.newPages, side.vmas);
  }
}

/** Drops what the target range lost: all of a page that moved in, or that is no longer seen. */
function replaceTarget(
  side: SideState,
  op: OpOf<"mremap">,
  proc: ProcPages,
  to: number,
  kept: number,
): void {
  for (let at = 0; at < op.newPages; at++) {
    const page = to + at;
    if (proc.unit[page] === null) continue;
    const movedIn = at < kept && hasMoved(side, proc, op.at + at, page);
    if (movedIn || side.vmas.pfnAt(page) !== proc.pfn[page]) lose(side, proc, page, UNMAP);
  }
}

/** Whether the page at `from` is now seen at `to` instead. */
function hasMoved(side: SideState, proc: ProcPages, from: number, to: number): boolean {
  // A source that could not be split keeps its VMA, but not the pages that moved.
  const isGone = side.op.fault !== undefined || side.vmas.pfnAt(from) < 0;
  return proc.unit[from] !== null && isGone && side.vmas.pfnAt(to) === (proc.pfn[from] as number);
}

function movePages(
  side: SideState,
  proc: ProcPages,
  from: number,
  to: number,
  pages: number,
): void {
  let at = 0;
  while (at < pages) {
    if (!hasMoved(side, proc, from + at, to + at)) {
      at++;
      continue;
    }
    const begin = at;
    const unit = proc.unit[from + at] as Unit;
    while (
      at < pages &&
      proc.unit[from + at] === unit &&
      hasMoved(side, proc, from + at, to + at)
    ) {
      side.pages.relocate(proc, from + at, to + at);
      at++;
    }
    side.units.touch(unit, side.step, UNMAP);
    noteMove(side, proc, unit, from + begin, from + at);
  }
}

/** Pages [begin, end) have left a VMA: the unit is split, and its rest may be tracked no more. */
function noteMove(side: SideState, proc: ProcPages, unit: Unit, begin: number, end: number): void {
  if (unit.live > end - begin) unit.split = true;
  const before = begin > 0 && isUntrackedRest(side, proc, unit, begin - 1);
  const after = end < side.world.vpages && isUntrackedRest(side, proc, unit, end);
  if ((!before && !after) || unit.moved !== NO_CAUSE) return;
  unit.moved = MOVE + (before ? (after ? MIDDLE : TAIL) : HEAD);
}

/** Whether this neighbour page is of the same unit, in a VMA that shows VM_PAT off. */
function isUntrackedRest(side: SideState, proc: ProcPages, unit: Unit, page: number): boolean {
  if (proc.unit[page] !== unit) return false;
  const row = side.vmas.firstAfter(page);
  return row < side.vmas.count && ((side.vmas.bits[row] as number) & PAT_LOST) !== 0;
}
