import type { Values } from "../trace/fields.ts";
import { type Op, type OpOf, placeOf, rowOf, type SyscallOp } from "../trace/op.ts";
import type { Trace } from "../trace/trace.ts";
import { Layout } from "./layout.ts";

/** An op in the pages of the log, which the layout is still to renumber. */
export type LoggedOp = Exclude<SyscallOp, OpOf<"touch" | "revoke">>;

/** The trace of what a log tells: pages renumbered, the world just large enough. */
export function renumbered(
  name: string,
  mtrr: Trace["world"]["mtrr"],
  logged: readonly LoggedOp[],
): Trace {
  const layout = new Layout();
  for (const op of logged) gather(layout, op);
  layout.settle();
  const world = {
    pfns: Math.max(1, layout.physical.length),
    vpages: Math.max(1, layout.virtual.length),
    mtrr,
  };
  const ops = logged.map((op) => placed(layout, op));
  return { format: "pfndiff/trace@1", name, world, ops };
}

function gather(layout: Layout, op: LoggedOp): void {
  if (op.op === "mmap") return layout.map(op.at, op.pfn, op.pages);
  for (const span of rowOf(op.op).spans) {
    const { at, pages } = placeOf(op, span);
    layout.virtual.use(at, pages);
  }
  if (op.op === "mremap" && op.to !== undefined) {
    layout.move(op.at, op.to, Math.min(op.pages, op.newPages));
  }
}

function placed({ virtual, physical }: Layout, op: LoggedOp): Op {
  const { fields, spans } = rowOf(op.op);
  const next: Record<string, Values[string]> = { ...op };
  for (const span of spans) {
    const { start, at, pages } = placeOf(op, span);
    const isPhysical = fields[start]?.role === "pfn";
    next[start] = isPhysical ? physical.at(at) : virtual.at(at);
    if (span.length !== 1 && !isPhysical)
      next[span.length] = virtual.at(at + pages) - virtual.at(at);
  }
  return next as Op;
}
