import { REGION_PFNS } from "../pat/regionmemory.ts";
import type { DriverCallRecord } from "./driverop.ts";
import type { Op } from "./op.ts";

export { REGION_PFNS, regionAt } from "../pat/regionmemory.ts";

interface InRegion {
  readonly pfn: number;
  readonly region?: number | undefined;
  readonly ram?: boolean | undefined;
}

function placed<R extends InRegion>(record: R): R {
  const { region, ...own } = record;
  if (region === undefined) return record;
  const pfn = record.ram === true ? record.pfn : record.pfn + region * REGION_PFNS;
  return { ...own, pfn } as R;
}

const placedCall = (call: DriverCallRecord): DriverCallRecord =>
  "pfn" in call ? placed(call) : call;

/** An op with its pfns, and those of its calls, as they are shown: they tell the region by themselves. */
export function placedOp(op: Op): Op {
  if (op.op === "mmap" && op.via === "anon") return op;
  if ("pfn" in op) return placed(op);
  return "calls" in op ? { ...op, calls: op.calls.map(placedCall) } : op;
}
