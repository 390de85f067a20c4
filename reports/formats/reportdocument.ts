import { z } from "zod";
import { campaignSchema } from "../../fuzz/summary.ts";
import { campaignFindingSchema } from "../../src/oracle/finding.ts";

/** pfndiff/report@1: a campaign, and what the baseline and the results folder have of each finding. */
export const reportSchema = campaignSchema.extend({
  format: z.literal("pfndiff/report@1"),
  findings: z.array(
    campaignFindingSchema.extend({
      /** The baseline accepts it. */
      known: z.boolean(),
      /** Where it is saved. */
      path: z.string(),
    }),
  ),
});

export type ReportDocument = z.infer<typeof reportSchema>;
