import { z } from "zod";
import { ERRNOS } from "../mm/errno.ts";
import { CACHE_MODES } from "../pat/cachemode.ts";
import { PROTS } from "./op.ts";
import { traceSchema } from "./trace.ts";

const page = z.int();
const mode = z.enum(CACHE_MODES);

/** What an op returned: success, or the errno it failed with. */
export const resultSchema = z.union([
  z.strictObject({ ok: z.literal(true) }),
  z.strictObject({ errno: z.enum(ERRNOS) }),
]);

/** One reservation of the memtype list: a half-open pfn range and its cache mode. */
export const memtypeSchema = z.strictObject({ start: page, end: page, type: mode });

/** One live VMA; `pfn` is what its first page maps, `pat` is VM_PAT (before side only). */
export const vmaSchema = z.strictObject({
  start: page,
  end: page,
  prot: z.enum(PROTS),
  private: z.boolean(),
  pfn: page,
  pat: z.boolean().optional(),
  dontfork: z.boolean().optional(),
});

/** A kernel message that matters, parsed; pages are relative to the region. */
export const eventSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("invalid-free"), start: page, end: page }),
  z.strictObject({ kind: z.literal("conflict"), start: page, end: page, found: mode, other: mode }),
  z.strictObject({
    kind: z.literal("reserve-failed"),
    start: page,
    end: page,
    track: mode,
    request: mode,
  }),
  z.strictObject({
    kind: z.literal("type-mismatch"),
    start: page,
    end: page,
    request: mode,
    got: mode,
  }),
  z.strictObject({ kind: z.literal("warn"), text: z.string() }),
]);

/**
 * A tracking context of the refcounted design: its fixed range, its kref, and how many VMAs hold
 * it. Only a model can show it; recordings written for comparison with kernels leave it out.
 */
export const contextSchema = z.strictObject({
  pfn: page,
  pages: z.int(),
  refs: z.int(),
  holders: z.int(),
});

/** The full visible state after one op. `vmas` holds every live process, by proc id. */
export const stepSchema = z.strictObject({
  result: resultSchema,
  memtype: z.array(memtypeSchema),
  vmas: z.record(z.string().regex(/^\d+$/), z.array(vmaSchema)),
  events: z.array(eventSchema),
  contexts: z.array(contextSchema).optional(),
});

/** pfndiff/recording@1: a trace and, one step per op, what a backend showed. */
export const recordingSchema = z
  .strictObject({
    format: z.literal("pfndiff/recording@1"),
    kernel: z.strictObject({ release: z.string(), design: z.enum(["vm-pat", "kref"]) }).optional(),
    backend: z.string().optional(),
    trace: traceSchema,
    steps: z.array(stepSchema),
  })
  .refine((recording) => recording.steps.length === recording.trace.ops.length, {
    path: ["steps"],
    message: "there must be exactly one step per op",
  });

export type Result = z.infer<typeof resultSchema>;
export type Memtype = z.infer<typeof memtypeSchema>;
export type VmaState = z.infer<typeof vmaSchema>;
export type TraceEvent = z.infer<typeof eventSchema>;
export type ContextState = z.infer<typeof contextSchema>;
export type Step = z.infer<typeof stepSchema>;
export type Recording = z.infer<typeof recordingSchema>;
export type Design = "vm-pat" | "kref";
