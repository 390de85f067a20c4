import { z } from "zod";
import { type CallRow, CALLS, type DriverCallRecord } from "./driverop.ts";
import { DRIVER_LIMITS, type Fields, LIMITS, type Span, type Values } from "./fields.ts";
import { bornBy, type Op, placeOf, rowOf } from "./op.ts";
import { opSchema } from "./opschema.ts";
import { ISA_PAGES, isaWindow } from "./isawindow.ts";

export { bornBy } from "./op.ts";

/**
 * The world of a trace: how many physical pages the region has, how many virtual pages each
 * process' window has, and what memory it is: `mtrr` says what the MTRRs call it, `region` whether it is
 * the BAR of a device or low memory below 1 MiB; where it is absent, what is uncached is a BAR and what
 * is write-back is low memory. `maps`: the limit on a process' VMAs (vm.max_map_count) leaves room
 * for so many in its window; without it there is no limit. `pat`: false for a kernel that was booted
 * with `nopat`. `isa`: the pfn, of low memory, that page 0xa0000 has: from there on lies the ISA window; it may lie before
 * the region. `regions`: what other regions there are, which ops name by their place, counted from 1.
 */
const region = {
  pfns: z.int().min(1).max(LIMITS.pfns),
  mtrr: z.enum(["uncached", "write-back"]),
  region: z.enum(["bar", "low"]).optional(),
};

export const worldSchema = z.strictObject({
  pfns: region.pfns,
  vpages: z.int().min(1).max(LIMITS.vpages),
  mtrr: region.mtrr,
  region: region.region,
  maps: z.int().min(1).max(LIMITS.maps).optional(),
  pat: z.literal(false).optional(),
  isa: z
    .int()
    .min(1 - ISA_PAGES)
    .max(LIMITS.pfns)
    .optional(),
  regions: z
    .array(z.strictObject(region))
    .min(1)
    .max(LIMITS.regions - 1)
    .optional(),
});

export type World = z.infer<typeof worldSchema>;
export type Mtrr = World["mtrr"];

/** Whether a world's pages are a device's, which has files to map them and may be claimed. */
export function isDevice({ mtrr, region }: Pick<World, "mtrr" | "region">): boolean {
  return (region ?? (mtrr === "uncached" ? "bar" : "low")) === "bar";
}

/** A world as one of its regions is: 0 is its own, the others are counted from 1. Null where it has none of that number. */
export function partOf(world: World, region: number): World | null {
  if (region === 0) return world;
  const { regions = [], isa: _ofItsOwn, region: _kind, ...whole } = world;
  const other = regions[region - 1];
  return other === undefined ? null : { ...whole, ...other };
}

/** What is wrong with a world, in a few words, or null. */
export function worldFault(world: World): string | null {
  const isLow = !isDevice(world);
  const parts = [world, ...(world.regions ?? [])];
  if (parts.some((part) => !isDevice(part) && part.mtrr === "uncached")) {
    return "low memory is write-back";
  }
  const window = isaWindow(world);
  if (window !== null && !isLow) return "the ISA window is in low memory";
  return window !== null && window.start >= window.end ? "isa lies past the region" : null;
}

/** The kinds of memory that a world can be of, from what a reader expects to what is special. */
export const MEMORIES = ["bar", "low", "write-back-bar"] as const;
export type Memory = (typeof MEMORIES)[number];

/** A BAR where the MTRRs say uncached, low memory, or a BAR where they say write-back. */
export function memoryOf(world: Pick<World, "mtrr" | "region">): Memory {
  if (!isDevice(world)) return "low";
  return world.mtrr === "uncached" ? "bar" : "write-back-bar";
}

/** How a world says of which memory it is. */
export const MEMORY_WORDS: Readonly<Record<Memory, Pick<World, "mtrr" | "region">>> = {
  bar: { mtrr: "uncached" },
  low: { mtrr: "write-back" },
  "write-back-bar": { mtrr: "write-back", region: "bar" },
};

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

const noRegion = (region: number, { regions = [] }: World) =>
  `region is ${region}, past the last of the world's, ${regions.length}`;

/** What is wrong with a driver's call in a VMA of so many pages, where that is known, or null. */
function callFault(call: DriverCallRecord, vmaPages: number | null, whole: World): string | null {
  const region = "region" in call ? (call.region ?? 0) : 0;
  const world = partOf(whole, region);
  if (world === null) return noRegion(region, whole);
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

/** Fault handlers that it installs, and one remap at most or an errno: mmap_prepare() has no more. */
function isPrepared(calls: readonly DriverCallRecord[]): boolean {
  const last = calls.at(-1)?.call;
  const before = last === "remap" || last === "fail" ? calls.slice(0, -1) : calls;
  return before.every(({ call }) => call === "fault-handler");
}

/** What is wrong with an op in this world, in a few words, or null. */
export function opFault(op: Op, whole: World): string | null {
  const region = "region" in op ? (op.region ?? 0) : 0;
  const world = partOf(whole, region);
  if (world === null) return noRegion(region, whole);
  const { fields, spans, needsDevice } = rowOf(op.op);
  const values: Values = op;
  if (!isDevice(world)) {
    if (needsDevice === true) return "no driver has a device in low memory";
    for (const [name, field] of Object.entries(fields)) {
      const value = values[name];
      if (field.role === "choice" && field.ofDevice.some((each) => each === value)) {
        return `${name} ${value} takes a PCI device, which low memory does not have`;
      }
    }
  }
  if (world.pat === false && op.op === "mmap" && op.via === "resource_wc") {
    return "via resource_wc is a file that is not there without PAT";
  }
  for (const span of spans) {
    const fault = spanFault(op, fields, span, world);
    if (fault !== null) return fault;
  }
  if (op.op === "mmap" && op.via === "anon" && !op.private) {
    return "via anon is private memory, so private must be true";
  }
  if (!("calls" in op)) return null;
  if (op.op === "drv-mmap" && op.hook === "prepare" && !isPrepared(op.calls)) {
    return "hook prepare has fault handlers, and then one remap or fail";
  }
  const vmaPages = "pages" in op ? op.pages : null;
  return op.calls.map((call) => callFault(call, vmaPages, whole)).find((f) => f !== null) ?? null;
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
    const wrong = worldFault(trace.world);
    if (wrong !== null) {
      context.addIssue({ code: "custom", path: ["world"], message: wrong });
    }
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
