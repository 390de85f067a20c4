import { VM_PRIVATE } from "../mm/vmaflags.ts";
import { CACHE_MODES } from "../pat/cachemode.ts";
import type { DriverCallRecord, DriverMode } from "../trace/driverop.ts";
import type { OpOf } from "../trace/op.ts";
import type { Area, ProcLedger } from "./areas.ts";
import { findTwin } from "./attribution.ts";
import { copyCause, NO_CAUSE, UNMAP } from "./causes.ts";
import { CAME, CLAIMED, type ListChange } from "./listchanges.ts";
import { noteDeviation } from "./deviation.ts";
import {
  entryMode,
  entryPfn,
  everyVma,
  NOTHING,
  type Observed,
  pageTableEntry,
  type SeenVma,
  vmaAt,
} from "./observed.ts";
import { loseRange, mapRange, noteTaken, putOff, putOn } from "./ranges.ts";
import type { SideState } from "./state.ts";
import type { Unit } from "./unit.ts";

const WB = CACHE_MODES.indexOf("write-back");
const WC = CACHE_MODES.indexOf("write-combining");
const UC_MINUS = CACHE_MODES.indexOf("uncached-minus");

/**
 * A driver maps what it likes, so its VMAs are followed by what their page tables show: pages that
 * went are off their pfns while the VMA stays, and pages that came are mapped for the reservation
 * that came with them. Without one they took the mode that they found, and nothing tracks them.
 */
export function followDrivers(side: SideState, id: number, seen: Observed): void {
  const proc = side.procs.living(id);
  if (proc === null) return;
  for (const vma of everyVma(seen.space(id))) {
    if (vma.device !== null) followVma(side, id, proc, vma, seen);
  }
}

/** The same for every process: some ops reach into all of them. */
export function followAllDrivers(side: SideState, seen: Observed): void {
  for (const [id] of side.procs.everyLiving()) followDrivers(side, id, seen);
}

function followVma(
  side: SideState,
  id: number,
  proc: ProcLedger,
  vma: SeenVma,
  seen: Observed,
): void {
  side.hasDrivers = true;
  for (let page = vma.start; page < vma.end; ) {
    const entry = seen.entryAt(id, vma, page);
    const area = proc.areaAt(page);
    if (entry === NOTHING) {
      if (area !== null && !proc.isOff(page)) takeOff(side, proc, area, page);
      page++;
    } else if (area !== null && isMappedBy(area, page, entry)) {
      if (proc.isOff(page)) putOn(side, proc, area, page);
      page++;
    } else {
      page = followRun(side, id, proc, vma, page, seen);
    }
  }
}

function isMappedBy(area: Area, page: number, entry: number): boolean {
  return pageTableEntry(area.pfnAt(page), area.mode) === entry;
}

function takeOff(side: SideState, proc: ProcLedger, area: Area, page: number): void {
  const isWrite = side.op.op === "touch";
  noteTaken(side, area.unit, isWrite ? area.unit.takenBy : side.cause);
  putOff(side, proc, area, page, page + 1, isWrite ? "copied" : "taken");
}

/** The cache mode that a driver asks for; the MTRR hint turns write-back over a device. */
function askedMode(
  {
    mode,
    pfn,
    ram,
  }: { readonly mode: DriverMode; readonly pfn: number; readonly ram?: boolean | undefined },
  side: SideState,
): number {
  if (mode === "wc") return WC;
  const isUncached = side.isUncached(ram === true ? 0 : pfn);
  return mode === "wb" && !isUncached ? WB : UC_MINUS;
}

/** A handler that was installed asks for its mode wherever a page of the VMA is missing. */
export function noteHandler(
  side: SideState,
  { at, calls }: OpOf<"drv-mmap"> | OpOf<"drv-run">,
  proc: ProcLedger,
): void {
  const handler = calls.findLast((made) => made.call === "fault-handler");
  const vma = vmaAt(side.space, at);
  if (handler?.call !== "fault-handler" || vma === null) return;
  for (let area = proc.find(vma.start); area !== null; area = proc.after(area)) {
    if (area.start >= vma.end) return;
    area.unit.faultMode = askedMode(handler, side);
  }
}

/** What the op asks for where it maps a page of a VMA, or -1 where nothing tells. */
function askedAt(side: SideState, unit: Unit, vma: SeenVma, page: number): number {
  const { op } = side;
  if (op.op === "touch") return unit.faultMode;
  if (op.op !== "drv-run") return -1;
  const off = page - vma.start;
  const isOver = (call: DriverCallRecord) =>
    call.call === "remap" && call.off <= off && (call.pages === 0 || off < call.off + call.pages);
  const call = op.calls.findLast(isOver);
  return call?.call === "remap" ? askedMode(call, side) : -1;
}

/**
 * A page of a tracked mapping has come back with another mode than the mapping has, though the
 * driver asks for that mode again and no other mapping of what came with it needs the new one: what it had reserved went
 * when its pages did. Exact tracking keeps that for as long as the VMA.
 */
function noteLostMode(
  side: SideState,
  proc: ProcLedger,
  vma: SeenVma,
  page: number,
  end: number,
  got: number,
): void {
  const area = proc.areaAt(page);
  if (area === null || area.unit.isUntracked) return;
  const { unit } = area;
  const pfn = area.pfnAt(page);
  if (askedAt(side, unit, vma, page) !== area.mode) return;
  if ((side.pages.modesOf(pfn, pfn + end - page) & (1 << got)) !== 0) return;
  noteDeviation(side, "stale-memtype", pfn, pfn + 1, area.mode, got);
  side.deviation.kept = false;
  side.deviation.cause = proc.isOff(page) ? unit.takenBy : side.cause;
}

/** Consecutive pfns of one mode from `page` on that the ledger does not know; returns their end. */
function followRun(
  side: SideState,
  id: number,
  proc: ProcLedger,
  vma: SeenVma,
  page: number,
  seen: Observed,
): number {
  const entry = seen.entryAt(id, vma, page);
  const [pfn, mode] = [entryPfn(entry), entryMode(entry)];
  let end = page + 1;
  while (end < vma.end && isNext(seen.entryAt(id, vma, end), pfn + end - page, mode)) {
    const area = proc.areaAt(end);
    if (area !== null && isMappedBy(area, end, pageTableEntry(pfn + end - page, mode))) break;
    end++;
  }
  if (proc.areaAt(page)?.pfnAt(page) === pfn) noteLostMode(side, proc, vma, page, end, mode);
  loseRange(side, proc, page, end, UNMAP);
  const unit = unitOfRun(side, pfn, pfn + end - page, mode, vma, seen);
  // No call is told of a handler that inserts, and what inserts pages one by one inserts one in a touch.
  if (side.op.op === "touch" && end - page > 1 && seen.calls.length === 0) side.insertsPiece = true;
  mapRange(side, proc, page, end, pfn, unit, mode);
  return end;
}

function isNext(entry: number, pfn: number, mode: number): boolean {
  return entry !== NOTHING && entry === pageTableEntry(pfn, mode);
}

/** The unit of pages that came: of the reservation that came over them, or one that nothing tracks. */
function unitOfRun(
  side: SideState,
  first: number,
  end: number,
  mode: number,
  vma: SeenVma,
  seen: Observed,
): Unit {
  const claim = claimOver(seen, first, end, mode);
  const twin = claim === null ? findTwin(side, first, end) : null;
  const tracked = claim ?? (twin?.mode === mode ? twin : null);
  const [from, to] = tracked === null ? [first, end] : [tracked.start, tracked.end];
  const unit = side.units.create(from, to - from, (vma.flags & VM_PRIVATE) !== 0);
  unit.holder = "driver";
  unit.isUntracked = tracked === null;
  if (tracked === null) return unit;
  if ("calls" in side.op) unit.lostBy = copyCause(side.op.calls);
  side.reservations.add(from, to, mode, unit, NO_CAUSE);
  if (claim === null) seen.changes.remove(from, to, mode);
  return unit;
}

/** Claims an entry that came over these pages with their mode; null when there is none. */
function claimOver(
  { changes: { all, count } }: Observed,
  first: number,
  end: number,
  mode: number,
): ListChange | null {
  for (let at = 0; at < count; at++) {
    const change = all[at] as ListChange;
    const isOver = change.start <= first && end <= change.end && change.mode === mode;
    if (change.state !== CAME || !isOver) continue;
    change.state = CLAIMED;
    return change;
  }
  return null;
}
