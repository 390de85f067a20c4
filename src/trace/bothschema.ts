import { z } from "zod";
import { POINT_KINDS, RACE_LIMITS, TASKS } from "./both.ts";
import { LIMITS } from "./fields.ts";
import type { Op } from "./op.ts";

export const stopSchema = z.strictObject({
  task: z.enum(TASKS),
  point: z.int().min(0).max(LIMITS.ops),
  at: z.string().max(1000).optional(),
});

/** The schema of a `both`, by that of the ops that its tasks perform. */
export function bothSchema(op: z.ZodType<Op>) {
  const script = z.array(op).min(1).max(RACE_LIMITS.ops);
  return z.strictObject({
    op: z.literal("both"),
    a: script,
    b: script,
    points: z.enum(POINT_KINDS).optional(),
    schedule: z.array(stopSchema).max(RACE_LIMITS.stops).optional(),
  });
}
