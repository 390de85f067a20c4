import type { OpOf } from "../trace/op.ts";
import type { Area, ProcLedger } from "./areas.ts";
import { HEAD, HOLLOW, MIDDLE, MOVE, NO_CAUSE, SHRINK, TAIL, UNMAP } from "./causes.ts";
import { entryPfn, NOTHING, type Observed, type SeenSpace, vmaAt } from "./observed.ts";
import { followModes } from "./pagemodes.ts";
import {
  confirmRange,
  loseRange,
  loseUnseen,
  mapRange,
  noteSplit,
  noteTaken,
  putOff,
  seenPfn,
} from "./ranges.ts";
import type { SideState } from "./state.ts";
import type { Unit } from "./unit.ts";

type Mremap = OpOf<"mremap">;

/**
 * mremap() is followed by what is seen, because releases differ in how far a failing one gets
 * and in whether one call may move several VMAs.
 */
export function applyMremap(side: SideState, op: Mremap, proc: ProcLedger, seen: Observed): void {
  const { at, to } = op;
  const kept = Math.min(op.pages, op.newPages);
  if (to !== undefined) replaceTarget(side, op, to, proc, seen);
  loseUnseen(side, proc, seen, at + kept, at + op.pages, SHRINK);
  if (to !== undefined) {
    movePages(side, op.at, to, proc, seen, kept);
    confirmRange(side, proc, seen, to, to + op.newPages);
  }
  if (seen.outcome !== null) noteCuts(side, op, proc);
  const grownTo = to === undefined ? op.newPages : 0;
  confirmRange(side, proc, seen, at, at + Math.max(op.pages, grownTo));
}

/** A failing mremap() may have cut the VMAs that it could not unmap then. */
function noteCuts(side: SideState, op: Mremap, proc: ProcLedger): void {
  noteSplit(side, proc, op.at + op.newPages);
  if (op.to !== undefined) noteSplit(side, proc, op.to);
}

/** Drops what the target range lost: all of a page that moved in, or that is no longer seen. */
function replaceTarget(
  side: SideState,
  { at, newPages, proc: id }: Mremap,
  to: number,
  proc: ProcLedger,
  seen: Observed,
): void {
  for (let n = 0; n < newPages; n++) {
    const page = to + n;
    const area = proc.areaAt(page);
    if (area === null) continue;
    const movedIn = hasMoved(side, proc, seen, at + n, page);
    const pfn = movedIn ? NOTHING : seenPfn(seen, id, vmaAt(side.space, page), area, page);
    if (pfn !== area.pfnAt(page)) loseRange(side, proc, page, page + 1, UNMAP);
  }
}

/** Whether the page at `from` is now seen at `to` instead. */
function hasMoved(
  side: SideState,
  proc: ProcLedger,
  seen: Observed,
  from: number,
  to: number,
): boolean {
  const area = proc.areaAt(from);
  if (area === null) return false;
  const { space, op } = side;
  if (vmaAt(space, from) !== null && !isHollow(op.proc, proc, space, seen, from, to)) return false;
  const vma = vmaAt(space, to);
  if (vma === null) return false;
  if (vma.device === null) return vma.pfn + to - vma.start === area.pfnAt(from);
  const entry = seen.entryAt(op.proc, vma, to);
  return entry === NOTHING ? proc.isOff(from) : entryPfn(entry) === area.pfnAt(from);
}

/**
 * Pages move although the source cannot be split for want of memory: its VMA stays, without the
 * pages that moved. Where the call fails at a later VMA, only page tables can tell of that.
 */
function isHollow(
  id: number,
  proc: ProcLedger,
  space: SeenSpace,
  seen: Observed,
  from: number,
  to: number,
): boolean {
  if (seen.failed === null || seen.outcome === null) return seen.failed !== null;
  const [source, target] = [vmaAt(space, from), vmaAt(space, to)];
  if (source === null || target === null || proc.isOff(from)) return false;
  return seen.entryAt(id, source, from) === NOTHING && seen.entryAt(id, target, to) !== NOTHING;
}

/** Moves pages that are seen to have moved, unit by unit. */
function movePages(
  side: SideState,
  at: number,
  to: number,
  proc: ProcLedger,
  seen: Observed,
  kept: number,
): void {
  for (let n = 0; n < kept; ) {
    if (!hasMoved(side, proc, seen, at + n, to + n)) {
      n++;
      continue;
    }
    const begin = n;
    const { unit } = proc.areaAt(at + n) as Area;
    while (
      n < kept &&
      proc.areaAt(at + n)?.unit === unit &&
      hasMoved(side, proc, seen, at + n, to + n)
    ) {
      n++;
    }
    relocate(side, proc, at + begin, at + n, to - at);
    followModes(side, side.op.proc, proc, seen, to + begin, to + n, false);
    side.units.touch(unit, side.step, UNMAP);
    noteMove(side, proc, seen, unit, at + begin, at + n);
    if (seen.failed !== null) leaveHollow(side, proc, seen, at + begin, at + n, to - at);
  }
}

/**
 * Where the VMA of pages that have moved by `by` is still seen, it is there without them. They are
 * still their unit's, unless the VMA shows that the tracking has gone with them.
 */
function leaveHollow(
  side: SideState,
  proc: ProcLedger,
  seen: Observed,
  from: number,
  to: number,
  by: number,
): void {
  for (let page = from; page < to; page++) {
    const moved = proc.areaAt(page + by);
    const vma = vmaAt(side.space, page);
    if (moved === null || vma === null) continue;
    const pfn = moved.pfnAt(page + by);
    moved.unit.split = true;
    const unit = seen.isPatLost(vma) ? untrackedUnit(side, pfn, moved.unit) : moved.unit;
    const area = mapRange(side, proc, page, page + 1, pfn, unit, moved.mode);
    // A page that had been copied, or taken, is no less so for the move.
    if (!proc.isOff(page + by)) noteTaken(side, moved.unit, HOLLOW);
    putOff(side, proc, area, page, page + 1, "taken");
  }
}

function untrackedUnit(side: SideState, pfn: number, { isPrivate }: Unit): Unit {
  const unit = side.units.create(pfn, 1, isPrivate);
  unit.isUntracked = true;
  return unit;
}

/** Moves areas of [from, to) to where nothing is; nothing is mapped or lost by that. */
function relocate(side: SideState, proc: ProcLedger, from: number, to: number, by: number): void {
  side.noteLeft(from, to);
  for (const part of takeOut(side, proc, from, to)) {
    const { start, end } = part;
    part.start = start + by;
    part.end = end + by;
    moveOff(proc, start, end, by);
    proc.insert(part);
  }
}

/** Takes the areas of [from, to) out of the list; what sticks out stays. */
function takeOut(side: SideState, proc: ProcLedger, from: number, to: number): Area[] {
  proc.cut(from, side.procs);
  proc.cut(to, side.procs);
  const parts: Area[] = [];
  for (let area = proc.find(from); area !== null && area.start < to; area = proc.after(area)) {
    proc.remove(area);
    parts.push(area);
  }
  return parts;
}

/** Pages that are off are so at their new place. */
function moveOff(proc: ProcLedger, start: number, end: number, by: number): void {
  if (proc.isOn) return;
  proc.clearOff(start + by, end + by);
  for (let page = start; page < end; page++) {
    if (proc.copied.has(page)) proc.copied.add(page + by, page + by + 1);
    if (proc.taken.has(page)) proc.taken.add(page + by, page + by + 1);
  }
  proc.clearOff(start, end);
}

/** Pages [begin, end) have left a VMA: the unit is split, and its rest may be tracked no more. */
function noteMove(
  side: SideState,
  proc: ProcLedger,
  seen: Observed,
  unit: Unit,
  begin: number,
  end: number,
): void {
  if (unit.live > end - begin) unit.split = true;
  if (unit.moved !== NO_CAUSE) return;
  const before = begin > 0 && isUntrackedRest(side, proc, seen, unit, begin - 1);
  const after = end < side.world.vpages && isUntrackedRest(side, proc, seen, unit, end);
  if (before || after) unit.moved = MOVE + (before ? (after ? MIDDLE : TAIL) : HEAD);
}

/** Whether this neighbour page is of the same unit, in a VMA that shows VM_PAT off. */
function isUntrackedRest(
  side: SideState,
  proc: ProcLedger,
  seen: Observed,
  unit: Unit,
  page: number,
): boolean {
  if (proc.areaAt(page)?.unit !== unit) return false;
  const vma = vmaAt(side.space, page);
  return vma !== null && seen.isPatLost(vma);
}
