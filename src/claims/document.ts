import { z } from "zod";

/** pfndiff/claims@1: the claims as they were judged, and by what. */
export const claimsSchema = z.strictObject({
  format: z.literal("pfndiff/claims@1"),
  /** Ids of the two designs. */
  before: z.string(),
  after: z.string(),
  /** Traces of the campaign, and its seed. */
  runs: z.int().min(0),
  seed: z.int().min(0),
  /** What was tried exhaustively, as numbers and in words. */
  bounds: z.strictObject({
    procs: z.int().min(1),
    slots: z.int().min(1),
    pages: z.int().min(1),
    depth: z.int().min(1),
  }),
  explored: z.string(),
  claims: z.array(
    z.strictObject({
      number: z.int().min(1),
      claim: z.string(),
      judgement: z.enum(["holds", "partly", "fails", "open"]),
      evidence: z.array(z.string()).min(1),
      /** The shortest trace for or against it, drawn, and the finding that it shows. */
      witness: z.strictObject({ text: z.string(), signature: z.string().optional() }).optional(),
    }),
  ),
});

export type ClaimsDocument = z.infer<typeof claimsSchema>;
