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

/** What came at a point: the task went on, was stopped, had to wait for a lock, was through. */
export const TURNS = ["on", "stopped", "waits", "through"] as const;

/** Most ops of a task, and most stops of a schedule. */
export const RACE_LIMITS = { ops: 16, stops: 64 } as const;

/**
 * A task is stopped at the nth point that it passes, 0 being its start, and the other one goes on. `at` says
 * what it does there; a tree where it does something else is not the one that the schedule was found on.
 */
export interface Stop {
  task: Task;
  point: number;
  at?: string | undefined;
}

/**
 * Two tasks, of one process or of two, that run their ops by turns. `schedule` says where each is stopped; one
 * that must wait for a lock, or is through, lets the other one run without being told. Without a schedule every
 * order of whole ops that keeps each task's is meant.
 */
export interface Both {
  op: "both";
  a: Op[];
  b: Op[];
  points?: Points | undefined;
  schedule?: Stop[] | undefined;
}
