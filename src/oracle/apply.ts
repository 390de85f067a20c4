import type { Op, OpOf } from "../trace/op.ts";
import { UNMAP } from "./causes.ts";
import { applyFork } from "./fork.ts";
import { applyMmap } from "./mapping.ts";
import type { Observed } from "./observed.ts";
import type { ProcPages } from "./pages.ts";
import { clearRange, confirmRange, isEmpty, lose, noteSplit, see } from "./ranges.ts";
import { applyMremap } from "./remap.ts";
import type { SideState } from "./state.ts";

/** Brings the page ledger to the state after an op, from the op, its result, and the VMAs seen. */
export function applyOp(side: SideState, op: Op, seen: Observed): void {
  if (op.op === "spawn") {
    if (seen.outcome === null) side.pages.born(op.proc);
    return;
  }
  const proc = side.pages.living(op.proc);
  if (proc === null) return;
  switch (op.op) {
    case "mmap":
      return applyMmap(side, op, proc, seen);
    case "munmap":
      return applyMunmap(side, op, proc, seen);
    case "mremap":
      return applyMremap(side, op, proc, seen);
    case "mprotect":
    case "madvise":
    case "mseal":
      see(side, seen, op.at, op.at + op.pages + 1);
      noteSplit(side, proc, op.at);
      return noteSplit(side, proc, op.at + op.pages);
    case "touch":
      return applyTouch(side, op, proc, seen);
    case "fork":
      return applyFork(side, op, proc, seen);
    case "exit":
      if (seen.outcome === null) applyExit(side, proc);
      return;
    case "revoke":
      if (seen.outcome === null) applyRevoke(side);
      return;
    case "mlock":
    case "munlock":
      return;
    default:
      // What a driver maps is its own doing: the ledger follows system calls.
      return;
  }
}

function applyMunmap(side: SideState, op: OpOf<"munmap">, proc: ProcPages, seen: Observed): void {
  see(side, seen, op.at, op.at + op.pages);
  clearRange(side, proc, op.at, op.pages, UNMAP, seen.outcome === null);
  if (seen.outcome !== null || !isEmpty(side.vmas, op.at, op.pages)) {
    confirmRange(side, proc, op.at, op.pages);
  }
  if (seen.outcome !== null) noteSplit(side, proc, op.at);
}

function applyTouch(side: SideState, op: OpOf<"touch">, proc: ProcPages, seen: Observed): void {
  if (seen.outcome !== null || !op.write) return;
  const unit = proc.unit[op.at] ?? null;
  if (unit?.isPrivate === true) side.pages.copy(proc, op.at, unit);
}

/** The device was taken away: every page is still in its VMA, and none maps its pfn any more. */
function applyRevoke(side: SideState): void {
  const { pages, units } = side;
  for (const [, proc] of pages.everyLiving()) {
    for (let page = proc.low; page < proc.high; page++) {
      const unit = proc.unit[page] ?? null;
      if (unit === null) continue;
      units.touch(unit, side.step, UNMAP);
      unit.revoked = true;
      pages.take(proc, page, unit);
    }
  }
}

function applyExit(side: SideState, proc: ProcPages): void {
  for (let page = proc.low; page < proc.high; page++) lose(side, proc, page, UNMAP);
  proc.alive = false;
}
