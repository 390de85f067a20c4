import type { DriverCallRecord, DriverMode } from "../trace/driverop.ts";
import type { Span, Values } from "../trace/fields.ts";
import {
  LIMITS,
  type Op,
  type OpOf,
  placeOf,
  rowOf,
  type SyscallOp,
  type RegionVia,
} from "../trace/op.ts";
import { type Memory, MEMORY_WORDS, type Trace } from "../trace/trace.ts";
import { UserError } from "../usererror.ts";
import type { DeviceClass } from "./devices.ts";
import { type Axis, Layout } from "./layout.ts";
import type { LowMemory } from "./regions.ts";

/** A mapping by a driver that maps its pages in another way than by one remap of them all. */
type LoggedMmap = OpOf<"mmap"> & { readonly maps?: Exclude<DeviceClass, "remap"> };

/** An op in the pages of a log or a machine, which the layout is still to renumber. */
export type LoggedOp =
  | Exclude<SyscallOp, OpOf<"mmap" | "touch" | "revoke">>
  | LoggedMmap
  | OpOf<"ioremap">
  | OpOf<"memremap">;

/** What memory the pages of a log are: low memory where that lies, and all others, if there are any. */
export interface Memories {
  readonly low: LowMemory | null;
  readonly other: Exclude<Memory, "low"> | null;
}

/**
 * The trace of what a log tells: pages renumbered, the world just large enough. Low memory comes first where there are
 * both, as the ISA window lies in a world's own region.
 */
export function renumbered(name: string, memories: Memories, logged: readonly LoggedOp[]): Trace {
  if (logged.length > LIMITS.ops) {
    throw new UserError(
      `the log makes ${logged.length} ops, and a trace holds ${LIMITS.ops} (cut the log)`,
    );
  }
  const layout = new Layout();
  for (const op of logged) gather(layout, op);
  const { low, other } = memories;
  const { physical, virtual } = layout;
  const window = low?.isa ?? null;
  if (window !== null) physical.cuts.add(window);
  if (low !== null && other !== null)
    for (const cut of [low.start, low.end]) physical.cuts.add(cut);
  layout.settle();
  const [pfns, vpages] = [Math.max(1, physical.length), Math.max(1, virtual.length)];
  const ops = logged.map((op) => placed(layout, op));
  const isa = window === null ? {} : { isa: physical.at(window) };
  const plain = { pfns, vpages, ...MEMORY_WORDS[other ?? "low"] };
  if (low === null || other === null) {
    return { format: "pfndiff/trace@1", name, world: { ...plain, ...isa }, ops };
  }
  const [start, end] = [physical.at(low.start), physical.at(low.end)];
  const world = {
    ...plain,
    ...MEMORY_WORDS.low,
    pfns: end - start,
    ...("isa" in isa ? { isa: isa.isa - start } : {}),
    regions: [{ pfns: pfns - (end - start), ...MEMORY_WORDS[other] }],
  };
  const apart = ops.map((op) => regioned(op, start, end));
  return { format: "pfndiff/trace@1", name, world, ops: apart };
}

/** An op, or the calls that it makes, by its region and the pfn there: of low memory [start, end), or of what lies about that. */
function regioned(op: Op, start: number, end: number): Op {
  const place = <T extends { readonly pfn: number }>(one: T): T => {
    if (one.pfn >= start && one.pfn < end) return { ...one, pfn: one.pfn - start };
    return { ...one, pfn: one.pfn < start ? one.pfn : one.pfn - (end - start), region: 1 };
  };
  if (op.op === "mmap") return op.via === "anon" ? op : place(op);
  if (op.op !== "drv-mmap") return op;
  return { ...op, calls: op.calls.map((call) => ("pfn" in call ? place(call) : call)) };
}

function gather(layout: Layout, op: LoggedOp): void {
  if (op.op === "mmap" && op.via === "anon") return layout.virtual.use(op.at, op.pages);
  if (op.op === "mmap") return layout.map(op.at, op.pfn, op.pages);
  for (const span of rowOf(op.op).spans) {
    const { at, pages } = placeOf(op, span);
    axisOf(layout, op, span).use(at, pages);
  }
  if (op.op === "mremap" && op.to !== undefined) {
    layout.move(op.at, op.to, Math.min(op.pages, op.newPages));
  }
}

/** The line that a span of an op lies on. */
function axisOf({ virtual, physical }: Layout, op: LoggedOp, { start }: Span): Axis {
  return rowOf(op.op).fields[start]?.role === "pfn" ? physical : virtual;
}

function placed(layout: Layout, op: LoggedOp): Op {
  if (op.op !== "mmap" || op.maps === undefined) return renumberedOp(layout, op);
  const { maps, ...mapping } = op;
  const mmap = renumberedOp(layout, mapping);
  return mmap.op === "mmap" && mmap.via !== "anon" ? driven(mmap, mmap.via, maps) : mmap;
}

/** The mapping as a driver makes it: pages at fault, or in parts, of which one page has none. */
function driven(
  { proc, at, pages, pfn, prot, private: isPrivate }: OpOf<"mmap">,
  via: RegionVia,
  maps: Exclude<DeviceClass, "remap">,
): Op {
  const mode = DRIVER_MODE[via];
  const calls: DriverCallRecord[] =
    maps === "insert" || pages === 1
      ? [{ call: "fault-handler", does: "insert", pfn, mode }]
      : [
          { call: "remap", off: 0, pages: 1, pfn, mode },
          { call: "remap", off: 1, pages: 0, pfn: pfn + 1, mode },
        ];
  return { op: "drv-mmap", proc, at, pages, off: 0, prot, private: isPrivate, calls };
}

/** What a driver asks for where a file of this kind does. */
const DRIVER_MODE: Readonly<Record<RegionVia, DriverMode>> = {
  resource: "uc-",
  resource_wc: "wc",
  devmem: "wb",
  devmem_sync: "uc-",
};

function renumberedOp(layout: Layout, op: LoggedOp): Op {
  const next: Record<string, Values[string]> = { ...op };
  const { fields, spans } = rowOf(op.op);
  for (const span of spans) {
    const { start, at, pages } = placeOf(op, span);
    if (fields[start]?.role === "pfn" && op.op === "mmap" && op.via === "anon") continue;
    const axis = axisOf(layout, op, span);
    next[start] = axis.at(at);
    if (span.length !== 1) next[span.length] = axis.at(at + pages) - axis.at(at);
  }
  return next as Op;
}
