import { z } from "zod";
import { LIMITS } from "./fields.ts";
import type { Op } from "./op.ts";

/** The two tasks of a `both`. */
export const TASKS = ["a", "b"] as const;
export type Task = (typeof TASKS)[number];

/**
 * What counts as a point at which a task may be stopped: where locks are taken and given back, or accesses of
 * a VMA's flags and tracking as well.
 */
export const POINT_KINDS = ["locks", "memory"] as const;
export type Points = (typeof POINT_KINDS)[number];

/** Most ops of a task, and most stops of a schedule. */
export const RACE_LIMITS = { ops: 16, stops: 64 } as const;

const stopSchema = z.strictObject({
  task: z.enum(TASKS),
  point: z.int().min(0).max(LIMITS.ops),
  at: z.string().max(1000).optional(),
});

/**
 * A task is stopped at the nth point that it passes, 0 being its start, and the other one goes on. `at` says
 * what it does there; a tree where it does something else is not the one that the schedule was found on.
 */
export type Stop = z.infer<typeof stopSchema>;

/**
 * Two tasks, of one process or of two, that run their ops by turns. `schedule` says where each is stopped; one
 * that must wait for a lock, or is through, lets the other one run without being told. Without a schedule every
 * order of whole ops that keeps each task's is meant.
 */
export interface Both {
  readonly op: "both";
  readonly a: readonly Op[];
  readonly b: readonly Op[];
  readonly points?: Points | undefined;
  readonly schedule?: readonly Stop[] | undefined;
}

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
