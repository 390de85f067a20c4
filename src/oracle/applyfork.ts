import type { OpOf } from "../trace/op.ts";
import { VM_DONTCOPY } from "../mm/vmaflags.ts";
import type { Area, ProcLedger } from "./areas.ts";
import { claimChange } from "./attribution.ts";
import { COW_HEAD, ISA_WINDOW, NO_CAUSE } from "./causes.ts";
import { noteDeviation } from "./deviation.ts";
import { entryPfn, everyVma, NOTHING, type Observed, type SeenVma } from "./observed.ts";
import { isInIsa } from "./isa.ts";
import { followModes } from "./pagemodes.ts";
import { mapRange, putOff } from "./ranges.ts";
import type { SideState } from "./state.ts";
import type { Unit } from "./unit.ts";

/**
 * fork(): the child has the VMAs that are seen, and of each page what its parent has. Where a
 * reservation of exactly a child VMA's range came, the child has a unit of its own; otherwise it
 * shares the parent's.
 */
export function applyFork(
  side: SideState,
  op: OpOf<"fork">,
  parent: ProcLedger,
  seen: Observed,
): void {
  if (seen.outcome !== null) {
    // Neither a late failure nor an allocation's is for any tracking's sake.
    if (op.late !== true && seen.failed === null) noteRefusedFork(side, parent, seen);
    return;
  }
  const child = side.procs.bear(op.child, side.world.vpages);
  for (const vma of everyVma(seen.space(op.child)))
    copyVma(side, op.child, parent, child, vma, seen);
}

function copyVma(
  side: SideState,
  id: number,
  parent: ProcLedger,
  child: ProcLedger,
  vma: SeenVma,
  seen: Observed,
): void {
  const own = ownUnit(side, parent, vma, seen);
  const isBare = vma.device !== null && mapsNothing(seen, id, vma);
  let copied = 0;
  let area = parent.find(vma.start);
  for (; area !== null && area.start < vma.end; area = parent.after(area)) {
    const start = Math.max(area.start, vma.start);
    const end = Math.min(area.end, vma.end);
    if (vma.device === null && area.pfnAt(start) !== vma.pfn + start - vma.start) continue;
    copied += end - start;
    // Of what a driver does not call VM_PFNMAP fork() copies no page: a fault is to bring it back.
    if (isBare && !parent.isOff(start)) continue;
    copyArea(side, parent, child, area, start, end, own);
  }
  if (copied > 0) side.retention.mappings++;
  followModes(side, id, child, seen, vma.start, vma.end, own !== null);
  if (vma.device === null && copied < vma.end - vma.start) side.isUntrue = true;
}

/** Whether a VMA's page table has nothing. */
function mapsNothing(seen: Observed, id: number, vma: SeenVma): boolean {
  if (seen.entryAt(id, vma, vma.start) !== NOTHING) return false;
  return seen.runEnd(id, vma, vma.start, vma.end) === vma.end;
}

/** The child has [start, end) of an area, for its own unit where that is of these pfns. */
function copyArea(
  side: SideState,
  parent: ProcLedger,
  child: ProcLedger,
  area: Area,
  start: number,
  end: number,
  own: Unit | null,
): void {
  const pfn = area.pfnAt(start);
  const isOwn = own !== null && own.spans(pfn, pfn + end - start);
  if (!isOwn) area.unit.shared = true;
  const copy = mapRange(side, child, start, end, pfn, isOwn ? own : area.unit, area.mode);
  if (parent.isOn) return;
  for (let page = start; page < end; page++) {
    const reason = parent.offReason(page);
    if (reason !== null) putOff(side, child, copy, page, page + 1, reason);
  }
}

/** The new unit of a child VMA for which a reservation came, or null. */
function ownUnit(side: SideState, parent: ProcLedger, vma: SeenVma, seen: Observed): Unit | null {
  const { units, reservations } = side;
  if (seen.changes.count === 0 || seen.isPatLost(vma)) return null;
  const shared = parent.areaAt(vma.start)?.unit ?? null;
  const first = firstPfn(side, vma, seen);
  if (shared === null || first === NOTHING) return null;
  const pages = vma.end - vma.start;
  const claim = claimChange(seen.changes, first, first + pages);
  if (claim === null) return null;
  const unit = units.create(first, pages, shared.isPrivate);
  unit.holder = shared.holder;
  unit.askedAt = shared.askedAt;
  reservations.add(first, first + pages, claim.mode, unit, NO_CAUSE);
  return unit;
}

/** What the first page of a child's VMA maps, or NOTHING. */
function firstPfn({ op }: SideState, vma: SeenVma, seen: Observed): number {
  if (vma.device === null) return vma.pfn;
  const entry = op.op === "fork" ? seen.entryAt(op.child, vma, vma.start) : NOTHING;
  return entry === NOTHING ? NOTHING : entryPfn(entry);
}

/** Exact tracking never refuses a fork: the child maps what its parent maps, with its modes. */
function noteRefusedFork(side: SideState, parent: ProcLedger, seen: Observed): void {
  const { space, deviation } = side;
  let isOfIsa = false;
  for (const vma of everyVma(space)) {
    const area = parent.areaAt(vma.start);
    if (area === null) continue;
    const first = area.pfnAt(vma.start);
    const end = first + vma.end - vma.start;
    noteDeviation(side, "refused", first, end, area.mode, -1);
    if (deviation.found) break;
    isOfIsa ||= isInIsa(side.world, first, end);
  }
  deviation.symptom = "refused";
  if (deviation.found) return;
  deviation.cause = isOfIsa ? ISA_WINDOW : hasCopiedHead(side, parent, seen) ? COW_HEAD : NO_CAUSE;
}

/** Whether a VMA that is tracked and forked has its first page copied on write. */
function hasCopiedHead({ space }: SideState, parent: ProcLedger, seen: Observed): boolean {
  for (const vma of everyVma(space)) {
    if ((vma.flags & VM_DONTCOPY) !== 0 || seen.isPatLost(vma)) continue;
    if (parent.areaAt(vma.start) === null) continue;
    if (parent.offReason(vma.start) === "copied") return true;
  }
  return false;
}
