import { z } from "zod";
import { boundsSchema } from "../src/trace/bounds.ts";
import { traceSchema } from "../src/trace/trace.ts";
import { SYMPTOMS } from "../src/oracle/finding.ts";

const count = z.int().min(0);
const mean = z.number().min(0);

/** What every sequence within the bounds showed with its last op. */
const scopeSchema = z.strictObject({
  sequences: count,
  /** How many sequences showed a symptom, the ops of the shortest (null where none did), and one of these. */
  shown: z.record(
    z.enum(SYMPTOMS),
    z.strictObject({
      sequences: count,
      fewest: z.int().min(1).nullable(),
      shortest: traceSchema.optional(),
    }),
  ),
  pageOps: count,
  refused: count,
  changed: count,
});

/** What one design did on the arena's traces and in its small scope. */
export const arenaResultSchema = z.strictObject({
  design: z.string(),
  does: z.string(),
  /** On x86-64: what each VMA, context and reservation grows by, and where that is from. */
  bytes: z.strictObject({ vma: count, context: count, reservation: count, source: z.string() }),
  ops: count,
  /** Findings by symptom. */
  faults: z.record(z.enum(SYMPTOMS), count),
  /** Pages kept past their last mapping, summed over ops. */
  pageOps: count,
  /** Later mappings that such a page refused, and those it gave another cache mode. */
  refused: count,
  changed: count,
  /** Allocations in a path that must not fail, and when a VMA is split. */
  allocationsInFree: count,
  allocationsInSplit: count,
  /** Reads or writes of a VMA of another process, whose lock is not held. */
  foreignVmas: count,
  /** Means over the ops of a sample: what stands after each. */
  meanVmas: mean,
  meanReservations: mean,
  meanContexts: mean.nullable(),
  /** Bytes of tracking for each VMA that stands; null where a step does not show them all. */
  bytesPerVma: mean.nullable(),
  /** Of the model alone, in a second of processor time. */
  opsPerSecond: count,
  scope: scopeSchema,
});

export type ArenaResult = z.infer<typeof arenaResultSchema>;

/** pfndiff/arena@1: every design on the same traces and in the same small scope. */
export const arenaSchema = z.strictObject({
  format: z.literal("pfndiff/arena@1"),
  runs: count,
  seed: count,
  /** Bytes that struct vm_area_struct is kept within. */
  vmaBudget: count,
  bounds: boundsSchema,
  designs: z.array(arenaResultSchema),
});

export type Arena = z.infer<typeof arenaSchema>;
