import { z } from "zod";
import { ALLOCATION_SITES } from "../pat/kernelstate.ts";

/** The largest world and trace that are accepted: enough for every bench, small enough to hold. */
export const LIMITS = {
  pfns: 16_384,
  vpages: 16_384,
  procs: 1_024,
  ops: 200_000,
  maps: 16_384,
} as const;

/** What a driver's calls, kernel mappings and RAM are limited to. */
export const DRIVER_LIMITS = { calls: 64, slots: 64, buffers: 64, ramPages: 4_096 } as const;

export const PROTS = ["none", "r", "rw"] as const;

/** A process id. */
export const proc = z
  .int()
  .min(0)
  .max(LIMITS.procs - 1);
/** A virtual page. */
export const vpage = z.int().min(0).max(LIMITS.vpages);
/** A pfn, relative to the region or to RAM. */
export const pfn = z.int().min(0).max(LIMITS.pfns);
export const pages = z.int().min(1).max(LIMITS.vpages);
export const pagesOrNone = z.int().min(0).max(LIMITS.vpages);

/** An allocation that fails within the op: the nth at a site, counted from 1. */
export const faultSchema = z.strictObject({
  at: z.enum(ALLOCATION_SITES),
  nth: z.int().min(1).max(LIMITS.vpages),
});

export type Fault = z.infer<typeof faultSchema>;

/** Fields that any op may have. */
export const common = { fault: faultSchema.optional() };
