import { z } from "zod";
import { traceSchema } from "../trace/trace.ts";
import { type Side, SIDES, type Symptom, SYMPTOMS, type Verdict, VERDICTS } from "./severity.ts";

export { type Side, SIDES, type Symptom, SYMPTOMS, type Verdict, VERDICTS };

/** One symptom at one step on one side. */
export interface Finding {
  readonly symptom: Symptom;
  /** Names what made it happen, never a number: `unmap-head`, `move-tail`, `split`. */
  readonly cause: string;
  readonly side: Side;
  /** Index of the op after which the symptom shows. */
  readonly step: number;
  /**
   * The sides had parted when it showed: an earlier op had another result or left other VMAs on the
   * one than on the other, so the other side's silence proves nothing.
   */
  readonly parted: boolean;
  /** One plain sentence with this occurrence's numbers. */
  readonly detail: string;
  /** What tells two occurrences of one cause apart in kind: the errno, or the cache mode got. */
  readonly kind?: string;
}

/**
 * A finding judged across both sides. The signature is `verdict:symptom:cause`: the same cause
 * has the same signature whatever the pages, processes, seed or later ops.
 */
export interface JudgedFinding extends Finding {
  readonly verdict: Verdict;
  readonly signature: string;
}

/** What the campaign keeps of a signature. */
export const campaignFindingSchema = z.strictObject({
  signature: z.string(),
  symptom: z.enum(SYMPTOMS),
  verdict: z.enum(VERDICTS),
  cause: z.string(),
  count: z.int().min(1),
  firstRun: z.int().min(0),
  side: z.enum(SIDES),
  parted: z.boolean(),
  detail: z.string(),
  trace: traceSchema,
  step: z.int().min(0),
});

export type CampaignFinding = z.infer<typeof campaignFindingSchema>;
