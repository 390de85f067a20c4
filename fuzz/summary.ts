import { z } from "zod";
import { campaignFindingSchema } from "../src/oracle/finding.ts";
import { sha256 } from "../src/sha256.ts";
import { type Goal, GOALS } from "./goals.ts";
import { residualSchema } from "./residual.ts";
import { rootSchema } from "./roots/root.ts";

const count = z.int().min(0);

/** A count for each goal; a record's schema would require properties that it does not define. */
const goalCounts = Object.fromEntries(GOALS.map((goal) => [goal, count])) as Record<
  Goal,
  typeof count
>;

/**
 * Pages kept reserved past their last mapping, summed over ops, the requests that it decided, and the
 * mappings made by all ops, which older files do not tell.
 */
export const retentionSchema = z.strictObject({
  pageOps: count,
  refused: count,
  changed: count,
  mappings: count.optional(),
});

/** A goal that a campaign is not held to, and the reason in words. */
const leftOutSchema = z.strictObject({ goal: z.enum(GOALS), why: z.string() });

export type LeftOut = z.infer<typeof leftOutSchema>;

/** pfndiff/campaign@1: everything a campaign found, and how it is to be found again. */
export const campaignSchema = z.strictObject({
  format: z.literal("pfndiff/campaign@1"),
  before: z.string(),
  after: z.string(),
  seed: count,
  runs: count,
  ops: count,
  opsPerSecond: z.number().min(0),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  /** Runs that reached each goal. */
  goals: z.strictObject(goalCounts),
  goalsMissed: z.array(z.enum(GOALS)),
  /** Not reached, and not missed either: the designs cannot. Absent where there are none. */
  goalsLeftOut: z.array(leftOutSchema).optional(),
  /** Which kernels had no model of their own release, one line each: what is said of why they differ is unverified. */
  unverified: z.array(z.string()).optional(),
  notComparable: count,
  /** The chance that the next run shows something new; it follows from runs and counts. */
  residual: residualSchema,
  /** It was cut short: its traces are not minimal, and its digest is its own. */
  interrupted: z.literal(true).optional(),
  /** What over-retention cost in all runs, after and before; an older campaign tells of after alone. */
  retention: retentionSchema,
  retentionBefore: retentionSchema.optional(),
  /** By signature, in ascending order. */
  findings: z.array(campaignFindingSchema),
  /** What they follow from, gravest first; not where it was cut short. */
  roots: z.array(rootSchema).optional(),
});

export type Campaign = z.infer<typeof campaignSchema>;

/**
 * SHA-256, in hex, over what a campaign is and what it found: two campaigns with one digest found
 * the same. How long it took, and in how many parts, is not in it.
 */
export function campaignDigest(
  campaign: Pick<Campaign, "before" | "after" | "seed" | "runs" | "findings">,
): string {
  const { before, after, seed, runs, findings } = campaign;
  const found = findings.map(({ signature, count: seen, firstRun, trace }) => {
    const { pfns, vpages, mtrr, maps = null, pat, region, isa } = trace.world;
    const ops = trace.ops.map((op) => Object.entries(op).sort(([a], [b]) => (a < b ? -1 : 1)));
    const place = isa === undefined ? [] : [isa];
    const kind = region === undefined ? place : [region, ...place];
    const more = pat === false ? ["nopat", ...kind] : kind;
    return [signature, seen, firstRun, pfns, vpages, mtrr, maps, ops, ...more];
  });
  const text = JSON.stringify(["pfndiff/campaign@1", before, after, seed, runs, found]);
  return sha256(text);
}
