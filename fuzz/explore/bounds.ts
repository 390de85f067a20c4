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
});

export type Bounds = z.infer<typeof boundsSchema>;

/** The world that the bounds span: a device aperture of as many pages as one area. */
export function worldOf({ slots, pages }: Bounds): World {
  return { pfns: pages, vpages: slots * pages, mtrr: "uncached" };
}
