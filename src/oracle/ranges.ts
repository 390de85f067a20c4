import type { Area, ProcLedger } from "./areas.ts";
import { type CauseId, type Removal, UNMAP } from "./causes.ts";
import {
  entryMode,
  entryPfn,
  fileVmaFrom,
  NOTHING,
  type Observed,
  type SeenVma,
  vmaAt,
} from "./observed.ts";
import type { SideState } from "./state.ts";
import type { Unit } from "./unit.ts";

/** Takes [from, to) of an area out of its VMA; the caller takes it out of the area. */
function drop(
  side: SideState,
  proc: ProcLedger,
  area: Area,
  from: number,
  to: number,
  removal: Removal,
): void {
  const { pages, units, step } = side;
  const { unit } = area;
  units.touch(unit, step, removal);
  side.noteLeft(from, to);
  const [first, end] = [area.pfnAt(from), area.pfnAt(to)];
  if (proc.isOn) {
    pages.leave(first, end, area);
  } else {
    for (let page = from; page < to; ) {
      const next = proc.runEnd(page, to);
      const [low, high] = [area.pfnAt(page), area.pfnAt(next)];
      if (proc.isOff(page)) pages.leaveOff(low, high);
      else pages.leave(low, high, area);
      page = next;
    }
  }
  unit.drop(first, end);
}

/** Takes the pages of [from, to) out of their VMAs. */
export function loseRange(
  side: SideState,
  proc: ProcLedger,
  from: number,
  to: number,
  removal: Removal,
): void {
  let area = proc.find(from);
  while (area !== null && area.start < to) {
    const next = proc.after(area);
    drop(side, proc, area, Math.max(area.start, from), Math.min(area.end, to), removal);
    cutOut(side, proc, area, from, to);
    area = next;
  }
}

/** Takes [from, to) out of an area, which may be longer at both ends. */
function cutOut(
  { procs }: SideState,
  proc: ProcLedger,
  area: Area,
  from: number,
  to: number,
): void {
  const { start, end, unit, mode } = area;
  const keepsHead = start < from;
  if (end > to) {
    const tail = procs.newArea(to, end, area.pfnAt(to), unit, mode);
    proc.insert(tail);
  }
  if (keepsHead) {
    area.end = from;
    return;
  }
  proc.remove(area);
  procs.freeArea(area);
}

/** Makes [start, end) map pfns from `pfn` on with a mode for a unit; nothing is there. */
export function mapRange(
  side: SideState,
  proc: ProcLedger,
  start: number,
  end: number,
  pfn: number,
  unit: Unit,
  mode: number,
): Area {
  const area = side.procs.newArea(start, end, pfn, unit, mode);
  proc.insert(area);
  proc.clearOff(start, end);
  unit.hold(pfn, pfn + end - start);
  side.pages.join(pfn, pfn + end - start, area);
  return area;
}

/** Pages [from, to) of an area do not map their pfns any more, or do so for another reason. */
export function putOff(
  side: SideState,
  proc: ProcLedger,
  area: Area,
  from: number,
  to: number,
  reason: "copied" | "taken",
): void {
  for (let page = from; page < to; ) {
    const next = proc.runEnd(page, to);
    if (!proc.isOff(page)) {
      side.pages.joinOff(area.pfnAt(page), area.pfnAt(next));
      side.pages.leave(area.pfnAt(page), area.pfnAt(next), area);
    }
    page = next;
  }
  proc.beginOff();
  const isCopied = reason === "copied";
  (isCopied ? proc.copied : proc.taken).add(from, to);
  (isCopied ? proc.taken : proc.copied).remove(from, to);
}

/** A page of an area that was off maps its pfn again. */
export function putOn(side: SideState, proc: ProcLedger, area: Area, page: number): void {
  proc.clearOff(page, page + 1);
  side.pages.join(area.pfnAt(page), area.pfnAt(page) + 1, area);
  side.pages.leaveOff(area.pfnAt(page), area.pfnAt(page) + 1);
}

/**
 * The pfn that a page is seen to map, or NOTHING where no VMA is. A driver's VMA answers for the
 * pfn that the ledger has, whether the page table has it or not: what such a VMA maps is followed
 * elsewhere.
 */
export function seenPfn(
  seen: Observed,
  proc: number,
  vma: SeenVma | null,
  area: Area | null,
  page: number,
): number {
  if (vma === null) return NOTHING;
  if (vma.device === null) return vma.pfn + page - vma.start;
  const entry = seen.entryAt(proc, vma, page);
  if (entry !== NOTHING) return entryPfn(entry);
  return area === null ? NOTHING : area.pfnAt(page);
}

/** Takes those pages of [from, to) out that are not seen any more, after an op that failed. */
export function loseUnseen(
  side: SideState,
  proc: ProcLedger,
  seen: Observed,
  from: number,
  to: number,
  removal: Removal,
): void {
  for (let page = from; page < to; page++) {
    const area = proc.areaAt(page);
    if (area === null) continue;
    const pfn = seenPfn(seen, side.op.proc, vmaAt(side.space, page), area, page);
    if (pfn !== area.pfnAt(page)) loseRange(side, proc, page, page + 1, removal);
  }
}

/** Whether the VMAs seen show of [from, to) what the ledger has. */
function agrees({ space }: SideState, proc: ProcLedger, from: number, to: number): boolean {
  let vma = fileVmaFrom(space, space.find(from));
  let area = proc.find(from);
  for (let page = from; page < to; ) {
    const isSeen = vma !== null && vma.start <= page;
    const isHeld = area !== null && area.start <= page;
    let next = to;
    if (vma !== null && isSeen && vma.device !== null) {
      next = vma.end;
    } else if (vma !== null && area !== null && isSeen && isHeld) {
      if (vma.pfn + page - vma.start !== area.pfnAt(page)) return false;
      next = Math.min(vma.end, area.end);
    } else {
      if (isSeen || isHeld) return false;
      next = Math.min(vma?.start ?? to, area?.start ?? to);
    }
    page = next;
    while (vma !== null && vma.end <= page) vma = fileVmaFrom(space, space.after(vma));
    while (area !== null && area.end <= page) area = proc.after(area);
  }
  return true;
}

/**
 * Compares [from, to) of the ledger with the VMAs seen. Where they differ the backend did
 * something else than it answered: the ledger follows what is seen, and the answer is untrue.
 */
export function confirmRange(
  side: SideState,
  proc: ProcLedger,
  seen: Observed,
  from: number,
  to: number,
): void {
  if (from >= to || agrees(side, proc, from, to)) return;
  for (let page = from; page < to; page++) {
    const vma = vmaAt(side.space, page);
    if (vma !== null && vma.device !== null) continue;
    const pfn = vma === null ? NOTHING : vma.pfn + page - vma.start;
    const area = proc.areaAt(page);
    if (pfn === (area === null ? NOTHING : area.pfnAt(page))) continue;
    side.isUntrue = true;
    loseRange(side, proc, page, page + 1, UNMAP);
    if (vma === null) continue;
    const mode = surpriseMode(side, seen, vma, page, pfn);
    const unit = side.units.create(pfn, 1, false);
    side.units.touch(unit, side.step, UNMAP);
    mapRange(side, proc, page, page + 1, pfn, unit, mode);
  }
}

/**
 * The cache mode of a page that nothing explains: by the page table, else by what is reserved for
 * it, else what a page without reservation gets.
 */
function surpriseMode(
  { op, reservations }: SideState,
  seen: Observed,
  vma: SeenVma,
  page: number,
  pfn: number,
): number {
  const entry = seen.entryAt(op.proc, vma, page);
  return entry === NOTHING ? reservations.modeAt(pfn) : entryMode(entry);
}

/** A unit that has a VMA boundary inside is split; special VMAs never merge again. */
export function noteSplit(side: SideState, proc: ProcLedger, page: number): void {
  if (page === 0 || page >= side.world.vpages) return;
  const area = proc.areaAt(page);
  if (area === null || area.unit.split || proc.areaAt(page - 1)?.unit !== area.unit) return;
  if (vmaAt(side.space, page)?.start === page) area.unit.split = true;
}

/** What took a unit's pages off their pfns. */
export function noteTaken(side: SideState, unit: Unit, cause: CauseId): void {
  side.units.touch(unit, side.step, UNMAP);
  unit.takenBy = cause;
  unit.takenStamp = side.step;
}
