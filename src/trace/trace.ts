import { z } from "zod";
import { type CallRow, CALLS, type DriverCallRecord } from "./driverop.ts";
import { DRIVER_LIMITS, type Fields, LIMITS, type Span, type Values } from "./fields.ts";
import { bornBy, type Op, placeOf, rowOf } from "./op.ts";
import { opSchema } from "./opschema.ts";

export { bornBy } from "./op.ts";

/**
 * The world of a trace: how many physical pages the region has, how many virtual pages each
 * process' window has, and which region it is: a device aperture ("uncached") or low memory
 * below 1 MiB ("write-back"). `maps`: the limit on a process' VMAs (vm.max_map_count) leaves room
 * for so many in its window; without it there is no limit.
 */
export const worldSchema = z.strictObject({
  pfns: z.int().min(1).max(LIMITS.pfns),
  vpages: z.int().min(1).max(LIMITS.vpages),
  mtrr: z.enum(["uncached", "write-back"]),
  maps: z.int().min(1).max(LIMITS.maps).optional(),
});

export type World = z.infer<typeof worldSchema>;
export type Mtrr = World["mtrr"];

/** Where physical pages that a record names end, if that is outside of what there is. */
function physicalFault(values: Values, at: number, pages: number, world: World): string | null {
  const [limit, name] =
    values["ram"] === true ? [DRIVER_LIMITS.ramPages, "the RAM"] : [world.pfns, "pfns"];
  const end = at + pages;
  return end > limit ? `pfn + pages is ${end}, past ${name} ${limit}` : null;
}

function spanFault(op: Op, fields: Fields, span: Span, world: World): string | null {
  const { start, at, pages } = placeOf(op, span);
  const role = fields[start]?.role;
  // Anonymous memory has no pfn, and may be longer than the region.
  if (role === "pfn" && op.op === "mmap" && op.via === "anon") return null;
  if (role === "pfn") return physicalFault(op, at, pages, world);
  if (role !== "virtual") return null;
  const { vpages } = world;
  // A length may be 0, but there must be a page to begin with.
  if (span.or === undefined && at >= vpages) return `${start} is ${at}, past vpages ${vpages}`;
  const end = at + pages;
  return end > vpages
    ? `${start} + ${span.length === 1 ? 1 : span.length} is ${end}, past vpages ${vpages}`
    : null;
}

/** What is wrong with a driver's call in a VMA of so many pages, where that is known, or null. */
function callFault(call: DriverCallRecord, vmaPages: number | null, world: World): string | null {
  const { fields, spans }: CallRow = CALLS[call.call];
  let length = 1;
  for (const span of spans) {
    const { start, at, pages } = placeOf(call, span);
    if (fields[start]?.role === "pfn") {
      return physicalFault(call, at, Math.max(1, length), world);
    }
    length = pages === 0 ? (vmaPages ?? 1) - at : pages;
    if (vmaPages !== null && (length < 1 || at + length > vmaPages)) {
      return `${call.call} at ${at} is not inside the ${vmaPages} pages`;
    }
  }
  return null;
}

/** What is wrong with an op in this world, in a few words, or null. */
export function opFault(op: Op, world: World): string | null {
  const { fields, spans, needsDevice } = rowOf(op.op);
  const values: Values = op;
  if (world.mtrr === "write-back") {
    if (needsDevice === true) return "no driver has a device in the write-back region";
    for (const [name, field] of Object.entries(fields)) {
      const value = values[name];
      if (field.role === "choice" && field.ofDevice.some((each) => each === value)) {
        return `${name} ${value} is a PCI resource, which the write-back region does not have`;
      }
    }
  }
  for (const span of spans) {
    const fault = spanFault(op, fields, span, world);
    if (fault !== null) return fault;
  }
  if (op.op === "mmap" && op.via === "anon" && !op.private) {
    return "via anon is private memory, so private must be true";
  }
  if (!("calls" in op)) return null;
  const vmaPages = "pages" in op ? op.pages : null;
  return op.calls.map((call) => callFault(call, vmaPages, world)).find((f) => f !== null) ?? null;
}

/**
 * pfndiff/trace@1: a world and a list of plain op records. Beyond the shape it checks that every
 * op lies inside the world and that a proc id is brought to life once.
 */
export const traceSchema = z
  .strictObject({
    format: z.literal("pfndiff/trace@1"),
    name: z.string().max(200),
    world: worldSchema,
    ops: z.array(opSchema).max(LIMITS.ops),
  })
  .superRefine((trace, context) => {
    const born = new Set<number>();
    trace.ops.forEach((op, index) => {
      const child = bornBy(op);
      const again = child !== null && born.has(child);
      const fault = again ? `process ${child} is brought to life twice` : opFault(op, trace.world);
      if (child !== null) born.add(child);
      if (fault !== null) {
        context.addIssue({ code: "custom", path: ["ops", index], message: fault });
      }
    });
  });

export type Trace = z.infer<typeof traceSchema>;
