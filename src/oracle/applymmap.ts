import { CACHE_MODES } from "../pat/cachemode.ts";
import type { OpOf, RegionVia } from "../trace/op.ts";
import type { ProcLedger } from "./areas.ts";
import { claimChange, findTwin } from "./attribution.ts";
import { NO_CAUSE, UNMAP } from "./causes.ts";
import { noteDeviation } from "./deviation.ts";
import { CAME } from "./listchanges.ts";
import { entryMode, NOTHING, type Observed, type SeenVma, vmaAt } from "./observed.ts";
import { isInIsa, touchesIsa } from "./isa.ts";
import { followModes } from "./pagemodes.ts";
import { confirmRange, loseRange, loseUnseen, mapRange, noteSplit } from "./ranges.ts";
import type { SideState } from "./state.ts";

const WB = CACHE_MODES.indexOf("write-back");
const WC = CACHE_MODES.indexOf("write-combining");
const UC_MINUS = CACHE_MODES.indexOf("uncached-minus");
const WT = CACHE_MODES.indexOf("write-through");

/** Exact tracking would refuse the mapping. */
const REFUSAL = -1;

/** The cache mode that a way of mapping asks for. */
const ASKED: Readonly<Record<RegionVia, number>> = {
  resource: UC_MINUS,
  resource_wc: WC,
  devmem: WB,
  devmem_sync: UC_MINUS,
};

/** What becomes of a mode where nothing is in the way: write-back is not for pages that the MTRRs call a device's. */
function effectiveMode(side: SideState, first: number, end: number, asked: number): number {
  if (isInIsa(side.world, first, end)) return WB;
  const isDevices = side.isUncached(first) || touchesIsa(side.world, first, end);
  return asked === WB && isDevices ? UC_MINUS : asked;
}

/**
 * The mode that a request comes to. Of a range that reaches into the ISA window some releases ask the MTRRs for the first
 * page alone: there it is write-back too, where that is what has been reserved.
 */
function askedMode(
  side: SideState,
  first: number,
  end: number,
  wanted: number,
  { changes: { all, count } }: Observed,
): number {
  const asked = effectiveMode(side, first, end, wanted);
  if (asked === wanted || side.isUncached(first) || touchesIsa(side.world, first, first + 1)) {
    return asked;
  }
  const hasCome = all
    .slice(0, count)
    .some((change) => change.state === CAME && change.has(first, end, WB));
  return hasCome ? WB : asked;
}

/** Pairs that the kernel refuses to substitute (is_new_memtype_allowed() in its x86 headers). */
function isRefusedPair(asked: number, found: number): boolean {
  if (found === WB) return asked === UC_MINUS || asked === WC || asked === WT;
  return asked === WT && found === WC;
}

/**
 * The modes that mappings across an edge of the ISA window have reserved for pages of [first, end) that they have inside, one
 * bit each: nothing else there is reserved, but these come and go with their mappings.
 */
function modesAcross(
  { world, pages, reservations }: SideState,
  first: number,
  end: number,
): number {
  let modes = 0;
  if (!touchesIsa(world, first, end)) return modes;
  for (let start = reservations.firstStart(first); start < end; start++) {
    let entry = reservations.startingAt(start);
    for (; entry !== null; entry = entry.nextOfStart) {
      const last = Math.min(end, entry.end);
      for (let pfn = Math.max(first, start); pfn < last; pfn++) {
        const isHad = entry.owner?.has(pfn) === true && pages.isMapped(pfn);
        if (isHad && isInIsa(world, pfn, pfn + 1)) modes |= 1 << entry.mode;
      }
    }
  }
  return modes;
}

/**
 * What exact tracking gives a request for [first, end): a cache mode, or REFUSAL; `asked` is what the MTRRs leave of
 * `wanted`. What the kernel has reserved on purpose counts like what is mapped.
 */
function exactMode(
  side: SideState,
  first: number,
  end: number,
  wanted: number,
  asked: number,
): number {
  const { pages, kernel, world } = side;
  if (isInIsa(world, first, end)) return WB;
  let modes = pages.modesOf(first, end) | modesAcross(side, first, end);
  for (const held of kernel.held) {
    if (held.start < end && held.end > first) modes |= 1 << held.mode;
  }
  if (modes === 0 || modes === 1 << asked) return asked;
  if ((modes & (modes - 1)) !== 0) return REFUSAL;
  const found = 31 - Math.clz32(modes);
  return isRefusedPair(wanted, found) ? REFUSAL : found;
}

/** mmap() with MAP_FIXED: what was there goes, also when the new mapping is then refused. */
export function applyMmap(
  side: SideState,
  op: OpOf<"mmap">,
  proc: ProcLedger,
  seen: Observed,
): void {
  const ok = seen.outcome === null;
  const to = op.at + op.pages;
  if (ok) loseRange(side, proc, op.at, to, UNMAP);
  else loseUnseen(side, proc, seen, op.at, to, UNMAP);
  if (op.via === "anon") {
    if (!ok) noteSplit(side, proc, op.at);
    return confirmRange(side, proc, seen, op.at, to);
  }
  const end = op.pfn + op.pages;
  const wanted = ASKED[op.via];
  const asked = askedMode(side, op.pfn, end, wanted, seen);
  const expected = side.hasPat ? exactMode(side, op.pfn, end, wanted, asked) : asked;
  const vma = vmaAt(side.space, op.at);
  if (ok) mapNew(side, op, proc, seen, vma, asked, expected);
  else if (expected !== REFUSAL && !side.isClaimed(op.pfn) && isRefusal(seen)) {
    noteDeviation(side, "refused", op.pfn, end, expected, REFUSAL);
  }
  const isShown = ok && vma?.start === op.at && vma.end === to && vma.pfn === op.pfn;
  if (!isShown) confirmRange(side, proc, seen, op.at, to);
  if (!ok) noteSplit(side, proc, op.at);
}

/**
 * Whether it is the driver that has refused: it says EINVAL or EAGAIN, whatever the tracking said.
 * A sealed VMA in the way (EPERM) and too many VMAs (ENOMEM) have nothing to do with tracking, and
 * an allocation that failed is reason enough.
 */
function isRefusal({ outcome, failed }: Observed): boolean {
  return failed === null && (outcome === "EINVAL" || outcome === "EAGAIN");
}

function mapNew(
  side: SideState,
  op: OpOf<"mmap">,
  proc: ProcLedger,
  seen: Observed,
  vma: SeenVma | null,
  asked: number,
  expected: number,
): void {
  const { changes } = seen;
  const end = op.pfn + op.pages;
  side.retention.mappings++;
  // Where nothing is to be reserved, what came is a part of another's, or nobody's.
  const isUntracked = !side.hasPat || isInIsa(side.world, op.pfn, end);
  const claim = isUntracked ? null : claimChange(changes, op.pfn, end);
  const twin = claim === null && !isUntracked ? findTwin(side, op.pfn, end) : null;
  const reserved = (claim ?? twin)?.mode ?? asked;
  const isShown = vma !== null && side.hasPat;
  const entry = isShown ? seen.entryAt(op.proc, vma, op.at) : NOTHING;
  const got = entry === NOTHING ? reserved : entryMode(entry);
  if (got !== expected) {
    const missed = expected === REFUSAL || got === asked;
    const symptom = missed ? "missed-conflict" : "stale-memtype";
    noteDeviation(side, symptom, op.pfn, end, expected, got);
  }
  const unit = side.units.create(op.pfn, op.pages, op.private);
  mapRange(side, proc, op.at, op.at + op.pages, op.pfn, unit, got);
  if (isUntracked) {
    unit.isUntracked = true;
  } else if (claim === null && twin === null) {
    unit.misfit = side.cause;
  } else {
    side.reservations.add(op.pfn, end, reserved, unit, NO_CAUSE);
    if (claim === null) changes.remove(op.pfn, end, reserved);
  }
  const to = op.at + op.pages;
  // Nearly always all pages are like the first, and that one like what was reserved.
  const isRun = vma !== null && vma.end >= to && seen.runEnd(op.proc, vma, op.at, to) === to;
  if (!isRun || got !== reserved) followModes(side, op.proc, proc, seen, op.at, to, true);
}
