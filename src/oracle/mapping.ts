import { CACHE_MODES } from "../pat/cachemode.ts";
import type { OpOf, Via } from "../trace/op.ts";
import type { Mtrr } from "../trace/trace.ts";
import { claimChange, findTwin } from "./attribution.ts";
import { blame } from "./blame.ts";
import { NO_CAUSE, UNMAP } from "./causes.ts";
import type { MemtypeDelta, Observed } from "./observed.ts";
import type { ProcPages } from "./pages.ts";
import { clearRange, confirmRange, isOneVma, noteSplit, see } from "./ranges.ts";
import type { SideState } from "./state.ts";

const WB = CACHE_MODES.indexOf("write-back");
const WC = CACHE_MODES.indexOf("write-combining");
const UC_MINUS = CACHE_MODES.indexOf("uncached-minus");
const WT = CACHE_MODES.indexOf("write-through");

/** Exact tracking would refuse the mapping. */
const REFUSAL = -1;

/** The cache mode that a way of mapping asks for; the MTRR hint turns write-back over a device. */
function askedMode(via: Via, mtrr: Mtrr): number {
  switch (via) {
    case "resource":
    case "devmem_sync":
      return UC_MINUS;
    case "resource_wc":
      return WC;
    case "devmem":
      return mtrr === "uncached" ? UC_MINUS : WB;
  }
}

/** Pairs that the kernel refuses to substitute (is_new_memtype_allowed() in its x86 headers). */
function isRefusedPair(asked: number, found: number): boolean {
  if (found === WB) return asked === UC_MINUS || asked === WC || asked === WT;
  return asked === WT && found === WC;
}

/** What exact tracking gives a request for [first, end): a cache mode, or REFUSAL. */
function exactMode(side: SideState, first: number, end: number, asked: number): number {
  let modes = 0;
  for (let pfn = first; pfn < end; pfn++) modes |= side.pages.of(pfn).modes;
  if (modes === 0 || modes === 1 << asked) return asked;
  if ((modes & (modes - 1)) !== 0) return REFUSAL;
  const found = 31 - Math.clz32(modes);
  return isRefusedPair(asked, found) ? REFUSAL : found;
}

/** mmap() with MAP_FIXED: what was there goes, also when the new mapping is then refused. */
export function applyMmap(
  side: SideState,
  op: OpOf<"mmap">,
  proc: ProcPages,
  seen: Observed,
): void {
  const ok = seen.outcome === null;
  see(side, seen, op.at, op.at + op.pages);
  clearRange(side, proc, op.at, op.pages, UNMAP, ok);
  const end = op.pfn + op.pages;
  const asked = askedMode(op.via, side.world.mtrr);
  const expected = exactMode(side, op.pfn, end, asked);
  if (ok) mapNew(side, op, proc, seen.memtype, asked, expected);
  else if (expected !== REFUSAL && isRefusal(side, seen)) {
    blame(side, "refused", op.pfn, end, expected, REFUSAL);
  }
  if (!ok || !isOneVma(side.vmas, op.at, op.pages, op.pfn)) {
    confirmRange(side, proc, op.at, op.pages);
  }
  if (!ok) noteSplit(side, proc, op.at);
}

/**
 * Whether it is the driver that has refused: it says EINVAL or EAGAIN, whatever the tracking said.
 * A sealed VMA in the way (EPERM) and too many VMAs (ENOMEM) have nothing to do with tracking.
 */
function isRefusal({ op }: SideState, { outcome }: Observed): boolean {
  return outcome === "EINVAL" || outcome === "EAGAIN" || op.fault !== undefined;
}

function mapNew(
  side: SideState,
  op: OpOf<"mmap">,
  proc: ProcPages,
  delta: MemtypeDelta,
  asked: number,
  expected: number,
): void {
  const { units, pages, reservations } = side;
  const end = op.pfn + op.pages;
  const claim = claimChange(delta, op.pfn, end);
  const twin = claim < 0 ? findTwin(side, op.pfn, end) : null;
  const got = claim >= 0 ? (delta.type[claim] as number) : (twin?.type ?? asked);
  if (got !== expected) {
    const missed = expected === REFUSAL || got === asked;
    blame(side, missed ? "missed-conflict" : "stale-memtype", op.pfn, end, expected, got);
  }
  const unit = units.create(op.pfn, op.pages, asked, got, op.private);
  for (let at = 0; at < op.pages; at++) pages.map(proc, op.at + at, op.pfn + at, unit);
  if (claim < 0 && twin === null) {
    unit.mark = side.cause;
    return;
  }
  reservations.add(op.pfn, end, got, unit, NO_CAUSE);
  if (claim < 0) delta.remove(op.pfn, end, got);
}
