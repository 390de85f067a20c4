import type { OpOf } from "../trace/op.ts";
import { claimChange } from "./attribution.ts";
import { blame } from "./blame.ts";
import { COW_HEAD, NO_CAUSE } from "./causes.ts";
import { type Observed, PAT_LOST, VMA_DONTFORK } from "./observed.ts";
import type { ProcPages } from "./pages.ts";
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
  parent: ProcPages,
  seen: Observed,
): void {
  if (seen.outcome !== null) {
    // A fork that is told to fail late fails for no tracking's sake.
    if (op.late !== true) blameFork(side, op.proc, parent, seen);
    return;
  }
  seen.view.read(op.child, side.vmas);
  const child = side.pages.born(op.child);
  for (let row = 0; row < side.vmas.count; row++) copyVma(side, parent, child, row, seen);
}

function copyVma(
  side: SideState,
  parent: ProcPages,
  child: ProcPages,
  row: number,
  seen: Observed,
): void {
  const { vmas, pages } = side;
  const start = vmas.start[row] as number;
  const end = vmas.end[row] as number;
  const own = ownUnit(side, parent, row, seen);
  for (let page = start; page < end; page++) {
    const shared = parent.unit[page] ?? null;
    const pfn = parent.pfn[page] as number;
    if (shared === null || pfn !== (vmas.pfn[row] as number) + page - start) {
      side.surprised = true;
      continue;
    }
    if (own === null) shared.shared = true;
    const unit = own ?? shared;
    pages.map(child, page, pfn, unit);
    pages.inherit(child, page, unit, parent);
  }
}

/** The new unit of a child VMA for which a reservation came, or null. */
function ownUnit(side: SideState, parent: ProcPages, row: number, seen: Observed): Unit | null {
  const { vmas, units, reservations } = side;
  const shared = parent.unit[vmas.start[row] as number] ?? null;
  const lost = ((vmas.bits[row] as number) & PAT_LOST) !== 0;
  if (lost || shared === null || seen.memtype.count === 0) return null;
  const first = vmas.pfn[row] as number;
  const pages = (vmas.end[row] as number) - (vmas.start[row] as number);
  const claim = claimChange(seen.memtype, first, first + pages);
  if (claim < 0) return null;
  const unit = units.create(first, pages, shared.asked, shared.mode, shared.isPrivate);
  const type = seen.memtype.type[claim] as number;
  reservations.add(first, first + pages, type, unit, NO_CAUSE);
  return unit;
}

/** Exact tracking never refuses a fork: the child maps what its parent maps, with its modes. */
function blameFork(side: SideState, proc: number, parent: ProcPages, seen: Observed): void {
  const { vmas, trouble } = side;
  seen.view.read(proc, vmas);
  for (let row = 0; row < vmas.count && !trouble.found; row++) {
    const start = vmas.start[row] as number;
    const unit = parent.unit[start] ?? null;
    if (unit === null) continue;
    const first = vmas.pfn[row] as number;
    const end = first + (vmas.end[row] as number) - start;
    blame(side, "refused", first, end, unit.mode, -1);
  }
  trouble.symptom = "refused";
  trouble.expected = -1;
  trouble.kept = trouble.found && trouble.kept;
  if (!trouble.found) trouble.cause = hasCopiedHead(side, parent) ? COW_HEAD : NO_CAUSE;
}

/** Whether a VMA that is tracked and forked has its first page copied on write. */
function hasCopiedHead(side: SideState, parent: ProcPages): boolean {
  const { vmas } = side;
  for (let row = 0; row < vmas.count; row++) {
    const tracked = ((vmas.bits[row] as number) & (PAT_LOST | VMA_DONTFORK)) === 0;
    if (tracked && parent.copied[vmas.start[row] as number] === 1) return true;
  }
  return false;
}
