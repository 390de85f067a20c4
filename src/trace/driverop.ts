import { z } from "zod";
import { ERRNOS } from "../mm/errno.ts";
import { common, DRIVER_LIMITS, pages, pagesOrNone, pfn, proc, PROTS, vpage } from "./fields.ts";

/** The cache mode a driver asks for: the VMA's own, pgprot_writecombine(), pgprot_noncached(). */
export const DRIVER_MODES = ["wb", "wc", "uc-"] as const;
export type DriverMode = (typeof DRIVER_MODES)[number];

export const IOREMAP_MODES = ["plain", "wc", "cache", "uc"] as const;
export const MEMREMAP_MODES = ["wb", "wt", "wc"] as const;
export const PAGEMAP_TYPES = ["generic", "p2pdma"] as const;
export const SET_MEMORY_MODES = ["wb", "wc", "uc"] as const;
export const FAULT_HANDLERS = ["insert", "remap", "remap-segment"] as const;

/** `ram`: the pfn counts pages of RAM, not of the region. */
const physical = { pfn, ram: z.boolean().optional() };
const window = { off: pagesOrNone, pages: pagesOrNone };
const mode = z.enum(DRIVER_MODES);
const buffer = z
  .int()
  .min(0)
  .max(DRIVER_LIMITS.buffers - 1);
const slot = z
  .int()
  .min(0)
  .max(DRIVER_LIMITS.slots - 1);

/**
 * One call of a driver's mmap handler. `off` and `pages` are relative to the VMA; 0 pages reach to
 * its end.
 */
export const driverCallSchema = z.discriminatedUnion("call", [
  z.strictObject({ call: z.literal("remap"), ...window, ...physical, mode }),
  z.strictObject({ call: z.literal("remap-window"), ...window, ...physical, mode }),
  z.strictObject({ call: z.literal("dma"), buffer }),
  z.strictObject({ call: z.literal("dma-window"), ...window, buffer }),
  z.strictObject({ call: z.literal("zap"), ...window }),
  z.strictObject({ call: z.literal("fail"), errno: z.enum(ERRNOS) }),
  z.strictObject({ call: z.literal("ignore-errors") }),
  z.strictObject({
    call: z.literal("fault-handler"),
    does: z.enum(FAULT_HANDLERS),
    ...physical,
    mode,
  }),
]);

export type DriverCallRecord = z.infer<typeof driverCallSchema>;
export const DRIVER_CALLS = driverCallSchema.options.map((o) => o.shape.call.value);

const calls = z.array(driverCallSchema).max(DRIVER_LIMITS.calls);
const kernelRange = { ...physical, pages };

/**
 * Ops of a driver, and of the kernel for itself, beside the system calls of op.ts. Each is made on
 * behalf of a process, which must be alive.
 */
export const DRIVER_OPS = [
  z.strictObject({
    op: z.literal("drv-mmap"),
    proc,
    at: vpage,
    pages,
    off: pagesOrNone,
    prot: z.enum(PROTS),
    private: z.boolean(),
    calls,
    ...common,
  }),
  z.strictObject({ op: z.literal("drv-run"), proc, at: vpage, calls, ...common }),
  z.strictObject({ op: z.literal("drv-zap"), proc, off: pagesOrNone, pages, ...common }),
  z.strictObject({
    op: z.literal("ioremap"),
    proc,
    slot,
    mode: z.enum(IOREMAP_MODES),
    ...kernelRange,
    ...common,
  }),
  z.strictObject({ op: z.literal("iounmap"), proc, slot, ...common }),
  z.strictObject({
    op: z.literal("memremap"),
    proc,
    slot,
    mode: z.enum(MEMREMAP_MODES),
    ...kernelRange,
    ...common,
  }),
  z.strictObject({ op: z.literal("memunmap"), proc, slot, ...common }),
  z.strictObject({
    op: z.literal("memremap-pages"),
    proc,
    slot,
    type: z.enum(PAGEMAP_TYPES),
    ...kernelRange,
    ...common,
  }),
  z.strictObject({ op: z.literal("memunmap-pages"), proc, slot, ...common }),
  z.strictObject({ op: z.literal("reserve-memtype-wc"), proc, pfn, pages, ...common }),
  z.strictObject({ op: z.literal("free-memtype-wc"), proc, pfn, pages, ...common }),
  z.strictObject({
    op: z.literal("set-memory"),
    proc,
    mode: z.enum(SET_MEMORY_MODES),
    ...kernelRange,
    ...common,
  }),
] as const;

export type DriverOp = z.infer<(typeof DRIVER_OPS)[number]>;
export type DriverOpKind = DriverOp["op"];
export const DRIVER_OP_KINDS: readonly DriverOpKind[] = DRIVER_OPS.map((o) => o.shape.op.value);

interface Room {
  readonly pfns: number;
  readonly vpages: number;
}

function physicalFault(
  range: { readonly pfn: number; readonly ram?: boolean | undefined },
  length: number,
  world: Room,
): string | null {
  const [limit, name] =
    range.ram === true ? [DRIVER_LIMITS.ramPages, "the RAM"] : [world.pfns, "pfns"];
  const end = range.pfn + length;
  return end > limit ? `pfn + pages is ${end}, past ${name} ${limit}` : null;
}

/** What is wrong with a driver's call in a VMA of so many pages, where that is known, or null. */
function callFault(call: DriverCallRecord, vmaPages: number | null, world: Room): string | null {
  switch (call.call) {
    case "dma":
    case "fail":
    case "ignore-errors":
      return null;
    case "fault-handler":
      return physicalFault(call, 1, world);
    case "remap":
    case "remap-window":
    case "dma-window":
    case "zap": {
      const length = call.pages === 0 ? (vmaPages ?? 1) - call.off : call.pages;
      if (vmaPages !== null && (length < 1 || call.off + length > vmaPages)) {
        return `${call.call} at ${call.off} is not inside the ${vmaPages} pages`;
      }
      return "pfn" in call ? physicalFault(call, Math.max(1, length), world) : null;
    }
  }
}

function firstFault(
  op: DriverOp & { calls: DriverCallRecord[] },
  vmaPages: number | null,
  world: Room,
) {
  return op.calls.map((call) => callFault(call, vmaPages, world)).find((fault) => fault !== null);
}

/** What is wrong with such an op in this world, in a few words, or null. */
export function driverOpFault(op: DriverOp, world: Room): string | null {
  const room = (end: number) =>
    end > world.vpages ? `at + pages is ${end}, past vpages ${world.vpages}` : null;
  switch (op.op) {
    case "drv-mmap":
      return room(op.at + op.pages) ?? firstFault(op, op.pages, world) ?? null;
    case "drv-run":
      return room(op.at + 1) ?? firstFault(op, null, world) ?? null;
    case "ioremap":
    case "memremap":
    case "memremap-pages":
    case "set-memory":
    case "reserve-memtype-wc":
    case "free-memtype-wc":
      return physicalFault(op, op.pages, world);
    case "drv-zap":
    case "iounmap":
    case "memunmap":
    case "memunmap-pages":
      return null;
  }
}
