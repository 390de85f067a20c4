import { z } from "zod";
import { isDriverOp } from "./driverkinds.ts";
import { driverOpFault } from "./driverop.ts";
import { LIMITS, type Op, opSchema } from "./op.ts";

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

/** What is wrong with an op in this world, in a few words, or null. */
export function opFault(op: Op, world: World): string | null {
  if (isDriverOp(op)) return driverOpFault(op, world);
  const room = (at: number, pages: number, name: string) =>
    at + pages > world.vpages
      ? `${name} + pages is ${at + pages}, past vpages ${world.vpages}`
      : null;
  switch (op.op) {
    case "spawn":
    case "fork":
    case "exit":
      return null;
    case "revoke":
      return world.mtrr === "write-back" ? "no driver has a device in the write-back region" : null;
    case "touch":
      return room(op.at, 1, "at");
    case "munmap":
    case "mprotect":
    case "madvise":
    case "mlock":
    case "munlock":
    case "mseal":
      return room(op.at, op.pages, "at");
    case "mremap":
      if (op.at >= world.vpages) return `at is ${op.at}, past vpages ${world.vpages}`;
      return (
        room(op.at, op.pages, "at") ??
        (op.to === undefined
          ? room(op.at, op.newPages, "at (newPages)")
          : room(op.to, op.newPages, "to (newPages)"))
      );
    case "mmap":
      if (op.pfn + op.pages > world.pfns) {
        return `pfn + pages is ${op.pfn + op.pages}, past pfns ${world.pfns}`;
      }
      if (world.mtrr === "write-back" && op.via.startsWith("resource")) {
        return `via ${op.via} is a PCI resource, which the write-back region does not have`;
      }
      return room(op.at, op.pages, "at");
  }
}

/** The process that an op brings to life, or null. */
export function bornBy(op: Op): number | null {
  if (op.op === "spawn") return op.proc;
  return op.op === "fork" ? op.child : null;
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
