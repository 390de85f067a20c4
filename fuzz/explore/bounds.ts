import { z } from "zod";
import type { World } from "../../src/trace/trace.ts";

/**
 * How far an exploration goes: processes alive at once, virtual areas of each process, pages of
 * an area and of the region, and ops after the first process is there.
 */
export const boundsSchema = z.strictObject({
  procs: z.int().min(1).max(3),
  slots: z.int().min(1).max(3),
  pages: z.int().min(1).max(4),
  depth: z.int().min(1).max(12),
  /** Low memory instead of a device aperture, and how many VMAs the limit leaves room for. */
  mtrr: z.literal("write-back").optional(),
  maps: z.int().min(1).max(16).optional(),
  /** Groups of letters beyond the core alphabet, by name. */
  with: z.array(z.string()).optional(),
});

export type Bounds = z.infer<typeof boundsSchema>;

/** The world that the bounds span: its region, mostly a device aperture, has as many pages as one area. */
export function worldOf({ slots, pages, mtrr, maps }: Bounds): World {
  const world: World = { pfns: pages, vpages: slots * pages, mtrr: mtrr ?? "uncached" };
  return maps === undefined ? world : { ...world, maps };
}
