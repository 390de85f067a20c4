import { isInIsa, touchesIsa } from "../oracle/isa.ts";
import type { SideState } from "../oracle/state.ts";
import { CACHE_MODES, type CacheMode, isNewMemtypeAllowed } from "../pat/cachemode.ts";
import type { Op, OpOf, RegionVia } from "../trace/op.ts";
import { placedOp } from "../trace/regions.ts";
import type { Memtype, Request, Step } from "../trace/recording.ts";
import { modeOf } from "./standing.ts";

/** The cache mode that each way into the region asks for. */
const ASKED: Readonly<Record<RegionVia, CacheMode>> = {
  resource: "uncached-minus",
  resource_wc: "write-combining",
  devmem: "write-back",
  devmem_sync: "uncached-minus",
};

/** The reservations of a list that overlap what an op asks for, as far as the op itself tells. */
export function inTheWay(given: Op, list: readonly Memtype[]): Memtype[] {
  const op = placedOp(given);
  if (op.op !== "mmap" || op.via === "anon") return [];
  const end = op.pfn + op.pages;
  return list.filter((entry) => entry.start < end && entry.end > op.pfn);
}

/**
 * The request that an mmap() made, of a side that tells of none: what the kernel was asked follows
 * from the file, what it gave from the reservation that the ledger has for the new mapping, and why
 * from the list as it was before. The ledger is at the state after the step.
 */
export function derivedRequests(
  side: SideState,
  given: Op,
  step: Step,
  listBefore: readonly Memtype[],
): Request[] {
  const op = placedOp(given);
  if (op.op !== "mmap" || op.via === "anon" || side.procs.living(op.proc) === null) return [];
  // Whether O_SYNC of /dev/mem counts where there is no PAT is the release's, which no list shows.
  if (side.world.pat === false && op.via === "devmem_sync") return [];
  const [start, end] = [op.pfn, op.pfn + op.pages];
  const asked = ASKED[op.via];
  const there = inTheWay(op, listBefore);
  const request = { start, end, asked, derived: true as const };
  if ("ok" in step.result) return [{ ...request, ...granted(side, op, asked, there) }];
  const { errno } = step.result;
  if (errno !== "EINVAL" && errno !== "EAGAIN") return [];
  return [{ ...request, ...refused(asked, there) }];
}

function granted(
  side: SideState,
  op: OpOf<"mmap">,
  asked: CacheMode,
  there: readonly Memtype[],
): Pick<Request, "got" | "by" | "entries"> {
  if (side.world.pat === false) return { got: asked, by: "asked" };
  const { pfn } = op;
  const end = pfn + op.pages;
  if (isInIsa(side.world, pfn, end)) {
    return { got: "write-back", by: asked === "write-back" ? "asked" : "isa" };
  }
  const area = side.procs.living(op.proc)?.areaAt(op.at) ?? null;
  if (area === null || area.unit.entries === 0) return { by: "unknown" };
  const got = modeOf(area.mode);
  if (got === asked) return { got, by: "asked" };
  const isDevices = side.isUncached(pfn) || touchesIsa(side.world, pfn, end);
  const isMtrr = asked === "write-back" && isDevices;
  if (isMtrr && got === "uncached-minus") return { got, by: "mtrr" };
  const first = there.find(({ type }) => type === got);
  return first === undefined
    ? { got, by: "unknown" }
    : { got, by: "reservation", entries: [first] };
}

function refused(asked: CacheMode, there: readonly Memtype[]): Pick<Request, "by" | "entries"> {
  const [first] = there;
  if (first === undefined) return { by: "unknown" };
  if (there.some(({ type }) => type !== first.type))
    return { by: "two-modes", entries: [...there] };
  const isAllowed = isNewMemtypeAllowed(indexOf(asked), indexOf(first.type));
  return isAllowed ? { by: "unknown" } : { by: "refused-pair", entries: [first] };
}

function indexOf(mode: CacheMode): Parameters<typeof isNewMemtypeAllowed>[0] {
  return CACHE_MODES.indexOf(mode) as Parameters<typeof isNewMemtypeAllowed>[0];
}
