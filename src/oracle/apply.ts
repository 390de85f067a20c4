import { assertNever } from "../assertnever.ts";
import { regionAt } from "../trace/regions.ts";
import type { Op, OpOf } from "../trace/op.ts";
import { applyFork } from "./applyfork.ts";
import { applyMmap } from "./applymmap.ts";
import { applyMremap } from "./applymremap.ts";
import type { ProcLedger } from "./areas.ts";
import { UNMAP } from "./causes.ts";
import { noteDeviation } from "./deviation.ts";
import { followAllDrivers, followDrivers, noteHandler } from "./drivers.ts";
import { followHold, followKernelMaps } from "./kernelmaps.ts";
import { EMPTY_SPACE, type Observed } from "./observed.ts";
import { followModes } from "./pagemodes.ts";
import { confirmRange, loseRange, loseUnseen, noteSplit, noteTaken, putOff } from "./ranges.ts";
import type { SideState } from "./state.ts";

/** Brings the page ledger to the state after an op, from the op, its result, and what is seen. */
export function applyOp(side: SideState, op: Op, seen: Observed): void {
  if (op.op === "spawn") {
    if (seen.outcome === null) side.procs.bear(op.proc, side.world.vpages);
    return;
  }
  const proc = side.procs.living(op.proc);
  if (proc === null) return;
  const space = seen.space(op.proc);
  side.space = space ?? EMPTY_SPACE;
  // A task that has met a kernel BUG is gone with all it had, whatever its op was.
  if (space === null && op.op !== "exit") return end(side, proc);
  if (op.op === "claim" || op.op === "release") applyClaim(side, op, seen);
  else applyTo(side, op, proc, seen);
  if (seen.kernelMaps.length > 0 || side.kernel.mapped.length > 0) followKernelMaps(side, seen);
  if (side.hasDrivers) followDrivers(side, op.proc, seen);
}

/** What each op does to a living process, and to what the kernel has for itself. */
function applyTo(
  side: SideState,
  op: Exclude<Op, OpOf<"spawn" | "claim" | "release">>,
  proc: ProcLedger,
  seen: Observed,
): void {
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
      return applySplit(side, op, proc, seen);
    case "touch":
      return applyTouch(side, op, proc, seen);
    case "fork":
      return applyFork(side, op, proc, seen);
    case "exit":
      return seen.outcome === null ? end(side, proc) : undefined;
    case "peek":
      return applyPeek(side, op, proc, seen);
    case "revoke":
      return seen.outcome === null ? applyRevoke(side, op.region ?? 0) : undefined;
    case "drv-mmap":
      return applyDriverMmap(side, op, proc, seen);
    case "drv-run":
      return applyDriverRun(side, op, proc, seen);
    case "drv-zap":
      return followAllDrivers(side, seen);
    case "ioremap":
    case "iounmap":
    case "memremap":
    case "memunmap":
    case "memremap-pages":
    case "memunmap-pages":
    case "mlock":
    case "munlock":
      return;
    case "reserve-memtype-wc":
    case "free-memtype-wc":
    case "set-memory":
      return followHold(side, op, seen);
    default:
      return assertNever(op);
  }
}

/** All that these do is to cut VMAs and to mark a piece; mprotect() writes its entries anew. */
function applySplit(
  side: SideState,
  op: OpOf<"mprotect"> | OpOf<"madvise"> | OpOf<"mseal">,
  proc: ProcLedger,
  seen: Observed,
): void {
  const to = op.at + op.pages;
  if (op.op === "mprotect") followModes(side, op.proc, proc, seen, op.at, to, false);
  noteSplit(side, proc, op.at);
  noteSplit(side, proc, to);
}

function applyMunmap(side: SideState, op: OpOf<"munmap">, proc: ProcLedger, seen: Observed): void {
  const to = op.at + op.pages;
  if (seen.outcome === null) loseRange(side, proc, op.at, to, UNMAP);
  else loseUnseen(side, proc, seen, op.at, to, UNMAP);
  const next = side.space.find(op.at);
  if (seen.outcome === null && (next === null || next.start >= to)) return;
  confirmRange(side, proc, seen, op.at, to);
  if (seen.outcome !== null) noteSplit(side, proc, op.at);
}

function applyDriverRun(
  side: SideState,
  op: OpOf<"drv-run">,
  proc: ProcLedger,
  seen: Observed,
): void {
  followDrivers(side, op.proc, seen);
  noteHandler(side, op, proc);
}

/** What was there goes, also when the handler then fails; what the handler mapped is followed. */
function applyDriverMmap(
  side: SideState,
  op: OpOf<"drv-mmap">,
  proc: ProcLedger,
  seen: Observed,
): void {
  const to = op.at + op.pages;
  if (seen.outcome === null) loseRange(side, proc, op.at, to, UNMAP);
  else loseUnseen(side, proc, seen, op.at, to, UNMAP);
  followDrivers(side, op.proc, seen);
  if (seen.outcome === null) {
    side.retention.mappings++;
    return noteHandler(side, op, proc);
  }
  confirmRange(side, proc, seen, op.at, to);
  noteSplit(side, proc, op.at);
}

function applyTouch(side: SideState, op: OpOf<"touch">, proc: ProcLedger, seen: Observed): void {
  if (seen.outcome !== null || !op.write) return;
  const area = proc.areaAt(op.at);
  if (area === null || !area.unit.isPrivate || area.unit.holder !== "vma") return;
  putOff(side, proc, area, op.at, op.at + 1, "copied");
}

/** Whatever maps a page with the mode that its reservation has can read it. */
function applyPeek(side: SideState, { at }: OpOf<"peek">, proc: ProcLedger, seen: Observed): void {
  if (seen.outcome !== "EIO" || seen.failed !== null) return;
  const area = proc.areaAt(at);
  if (area === null || proc.isOff(at)) return;
  const pfn = area.pfnAt(at);
  noteDeviation(side, "refused", pfn, pfn + 1, area.mode, -1);
}

/** A region's device was taken away: every page is still in its VMA, and none maps its pfn any more. */
function applyRevoke(side: SideState, region: number): void {
  for (const [, proc] of side.procs.everyLiving()) {
    for (const area of proc.every()) {
      if (area.unit.holder !== "vma" || regionAt(area.pfn) !== region) continue;
      noteTaken(side, area.unit, side.cause);
      putOff(side, proc, area, area.start, area.end, "taken");
    }
  }
}

/** Claimed, the device is taken away, and nobody gets it until its driver lets go. */
function applyClaim(
  side: SideState,
  { op, region = 0 }: OpOf<"claim" | "release">,
  seen: Observed,
): void {
  if (seen.outcome !== null) return;
  if (op === "release") {
    side.claimed &= ~(1 << region);
    return;
  }
  side.claimed |= 1 << region;
  applyRevoke(side, region);
}

function end(side: SideState, proc: ProcLedger): void {
  loseRange(side, proc, 0, side.world.vpages, UNMAP);
  proc.end(side.procs);
}
