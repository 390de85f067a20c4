import { z } from "zod";
import { CACHE_MODES } from "../pat/cachemode.ts";
import { traceSchema } from "../trace/trace.ts";
import { NEEDS } from "./search.ts";

const text = z.string();
const meaning = z.strictObject({ asked: text, stood: text, got: text });

/** Why a sequence behaves otherwise elsewhere, as the baseline knows it. */
export const causeSchema = z.strictObject({
  signature: text,
  /** Absent where nobody has accepted it. */
  reason: text.optional(),
  ref: text.optional(),
});

/** A sequence of ops that gives the lines on the models of `shows`, found on `model`. */
export const sequenceSchema = z.strictObject({
  trace: traceSchema,
  model: text,
  needs: z.array(z.enum(NEEDS)),
  shows: z.array(text),
  not: z.array(text),
  /** The changes with which it began or ended, where one alone tells models that do from those that do not. */
  changes: z.array(z.strictObject({ how: z.enum(["began", "ended"]), by: text })),
  before: text,
  after: text,
  causes: z.array(causeSchema),
});

/** Lines of the log that were looked for together, by number, and what gives them. */
export const answerSchema = z.strictObject({
  lines: z.array(z.int()),
  sequences: z.array(sequenceSchema),
});

const bytes = { start: z.int(), end: z.int() };

/** A mapping of a process that holds, or keeps, a reservation; addresses in bytes. */
export const holderSchema = z.strictObject({
  owner: text,
  path: text,
  ...bytes,
  /** The physical pages that it maps; absent where its offset does not tell. */
  physical: z.strictObject(bytes).optional(),
});

/** A reservation and who holds it: mappings that are given, and the drivers that /proc/iomem names. */
export const reservationSchema = z.strictObject({
  ...bytes,
  mode: z.enum(CACHE_MODES),
  holders: z.array(holderSchema),
  claimed: z.array(text),
  /** Parts of it that no mapping which is given maps. */
  unmapped: z.array(z.strictObject(bytes)),
});

/** A mapping, the mode it asked for and the mode that the list has for it; absent where nothing tells. */
export const mappingSchema = z.strictObject({
  ...holderSchema.shape,
  asked: z.enum(CACHE_MODES).optional(),
  has: z.array(z.enum(CACHE_MODES)),
});

/** What a further mapping would get: no `got` where it would be refused. */
export const trialSchema = z.strictObject({
  way: text,
  ...bytes,
  asked: z.enum(CACHE_MODES),
  got: z.enum(CACHE_MODES).optional(),
  why: text,
  /** Places in `reservations` of what has to go before it gets what it asks for. */
  inTheWay: z.array(z.int()),
});

/** pfndiff/explanation@1: an excerpt of a machine's state and log, explained. */
export const explanationSchema = z.strictObject({
  format: z.literal("pfndiff/explanation@1"),
  /** The release that the log or the user names. */
  release: text.optional(),
  /** Where the log names another release than its first: it goes on over a boot. */
  later: z.strictObject({ release: text, line: z.int() }).optional(),
  /** The fixes of the VM_PAT design's tracking, oldest first, and since when this series has each. */
  fixes: z
    .array(
      z.strictObject({
        commit: text,
        does: text,
        since: text,
        has: z.enum(["yes", "no", "unknown"]),
      }),
    )
    .optional(),
  /** The models on which sequences were looked for. */
  models: z.array(text),
  lines: z.array(z.strictObject({ line: z.int(), text, kind: text, count: z.int(), meaning })),
  unread: z.int(),
  /** Traces in which the lines were looked for. */
  tried: z.int(),
  answers: z.array(answerSchema),
  reservations: z.array(reservationSchema).optional(),
  mappings: z.array(mappingSchema).optional(),
  trials: z.array(trialSchema).optional(),
});

export type Explanation = z.infer<typeof explanationSchema>;
export type Answer = z.infer<typeof answerSchema>;
export type ToldSequence = z.infer<typeof sequenceSchema>;
export type Cause = z.infer<typeof causeSchema>;
export type ReservationState = z.infer<typeof reservationSchema>;
export type MappingState = z.infer<typeof mappingSchema>;
export type Holder = z.infer<typeof holderSchema>;
export type Trial = z.infer<typeof trialSchema>;
