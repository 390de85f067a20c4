import { z } from "zod";
import { SYMPTOMS } from "../oracle/severity.ts";
import { POINT_KINDS, TASKS, TURNS } from "../trace/both.ts";
import { stopSchema } from "../trace/bothschema.ts";
import { racedTraceSchema } from "../trace/race.ts";
import { eventSchema, memtypeSchema, resultSchema, vmaSchema } from "../trace/recording.ts";
import { DIFFERENCES } from "./judged.ts";

const count = z.int().min(0);

/** The tree, its release, and which tracking it has. */
const onSchema = z.strictObject({
  backend: z.string(),
  release: z.string(),
  design: z.enum(["vm-pat", "kref"]),
});

/** An outcome that no order of whole ops gives, by the shortest schedule that has it. */
export const raceOutcomeSchema = z.strictObject({
  signature: z.string(),
  schedules: count,
  preemptions: count,
  schedule: z.array(stopSchema),
  findings: z.array(z.strictObject({ symptom: z.enum(SYMPTOMS), detail: z.string() })),
  differs: z.array(z.enum(DIFFERENCES)),
  /** Of every op, task a's first: what it returned, and what the kernel said meanwhile. */
  results: z.strictObject({ a: z.array(resultSchema), b: z.array(resultSchema) }),
  events: z.strictObject({ a: z.array(eventSchema), b: z.array(eventSchema) }),
  /** Once both tasks are through. */
  memtype: z.array(memtypeSchema),
  vmas: z.record(z.string(), z.array(vmaSchema)),
});

/** pfndiff/interleave@1: every schedule of two tasks up to a bound, by what came of them. */
export const interleaveSchema = z.strictObject({
  format: z.literal("pfndiff/interleave@1"),
  trace: racedTraceSchema,
  on: onSchema,
  /** How often at most a task is stopped inside of a call, and where. */
  bounds: z.strictObject({ preemptions: count, points: z.enum(POINT_KINDS) }),
  schedules: count,
  /** Choices of the schedule that has most of them. */
  mostPoints: count,
  /** Schedules that the kernel's code did not come out of. */
  deaths: count,
  /** Different outcomes, and those of them that an order of whole ops gives. */
  outcomes: count,
  sequential: count,
  races: z.array(raceOutcomeSchema),
});

/** A point that a task has passed, and what could be seen where the other one went on. */
const lanePointSchema = z.strictObject({
  task: z.enum(TASKS),
  /** Which of the task's points it is, from 1; 0 is its start. */
  number: count,
  turn: z.enum(TURNS),
  /** What the task does there, with the lock and the kernel's functions. */
  does: z.string(),
  state: z
    .strictObject({
      memtype: z.array(memtypeSchema),
      /** `vmPat` of a design that has that flag. */
      vmas: z.array(
        z.strictObject({ proc: count, start: count, end: count, vmPat: z.boolean().optional() }),
      ),
    })
    .nullable(),
});

/** pfndiff/schedule@1: a schedule of two tasks as it ran on a tree, point by point. */
export const scheduleSchema = z.strictObject({
  format: z.literal("pfndiff/schedule@1"),
  /** With the schedule in its `both`. */
  trace: racedTraceSchema,
  on: onSchema,
  points: z.array(lanePointSchema),
  outcome: raceOutcomeSchema,
});

export type LanePoint = z.infer<typeof lanePointSchema>;
export type ScheduleDocument = z.infer<typeof scheduleSchema>;
export type RaceOutcome = z.infer<typeof raceOutcomeSchema>;
export type InterleaveDocument = z.infer<typeof interleaveSchema>;
