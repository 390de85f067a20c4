import { z } from "zod";
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
  before: text,
  after: text,
  causes: z.array(causeSchema),
});

/** Lines of the log that were looked for together, by number, and what gives them. */
export const answerSchema = z.strictObject({
  lines: z.array(z.int()),
  sequences: z.array(sequenceSchema),
});

/** pfndiff/explanation@1: an excerpt of a machine's state and log, explained. */
export const explanationSchema = z.strictObject({
  format: z.literal("pfndiff/explanation@1"),
  /** The release that the log or the user names. */
  release: text.optional(),
  /** The models on which sequences were looked for. */
  models: z.array(text),
  lines: z.array(z.strictObject({ line: z.int(), text, kind: text, count: z.int(), meaning })),
  unread: z.int(),
  /** Traces in which the lines were looked for. */
  tried: z.int(),
  answers: z.array(answerSchema),
});

export type Explanation = z.infer<typeof explanationSchema>;
export type Answer = z.infer<typeof answerSchema>;
export type ToldSequence = z.infer<typeof sequenceSchema>;
export type Cause = z.infer<typeof causeSchema>;
