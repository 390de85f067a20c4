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

/** A mapping by a driver that maps its pages in another way than by one remap of them all. */
type LoggedMmap = OpOf<"mmap"> & { readonly maps?: Exclude<DeviceClass, "remap"> };

/** An op in the pages of a log or a machine, which the layout is still to renumber. */
export type LoggedOp =
  | Exclude<SyscallOp, OpOf<"mmap" | "touch" | "revoke">>
  | LoggedMmap
  | OpOf<"ioremap">
  | OpOf<"memremap">;

/** The trace of what a log tells: pages renumbered, the world just large enough. */
export function renumbered(name: string, memory: Memory, logged: readonly LoggedOp[]): Trace {
  if (logged.length > LIMITS.ops) {
    throw new UserError(
      `the log makes ${logged.length} ops, and a trace holds ${LIMITS.ops} (cut the log)`,
    );
  }
  const layout = new Layout();
  for (const op of logged) gather(layout, op);
  layout.settle();
  const world = {
    pfns: Math.max(1, layout.physical.length),
    vpages: Math.max(1, layout.virtual.length),
    ...MEMORY_WORDS[memory],
  };
  const ops = logged.map((op) => placed(layout, op));
  return { format: "pfndiff/trace@1", name, world, ops };
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
