import { z } from "zod";
import { tallySchema } from "../../../fuzz/journal.ts";
import { type CampaignPlan, identityOf } from "../../../fuzz/plan.ts";
import { PLAN_SOURCES } from "../../../fuzz/sources.ts";
import type { RunRange } from "../../../fuzz/tally.ts";

/** What a worker is told of a range: all that its tally depends on. */
export const rangeJobSchema = z.strictObject({
  before: z.string(),
  after: z.string(),
  seed: z.int().min(0),
  source: z.enum(PLAN_SOURCES),
  probe: z.string(),
  from: z.int().min(0),
  to: z.int().min(1),
});

export type RangeJob = z.infer<typeof rangeJobSchema>;

/** A range's tally as a worker returns it. */
export const rangeResultSchema = tallySchema;

/** The same range of the same campaign has one name, so it is in the queue at most once. */
export function rangeJobId(plan: CampaignPlan, { from, to }: RunRange): string {
  return `${identityOf(plan)}-${from}-${to}`;
}
