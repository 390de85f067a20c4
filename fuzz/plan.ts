import { z } from "zod";
import { sha256 } from "../src/sha256.ts";
import { tallyRuns } from "./executor.ts";
import type { Differential } from "./differential.ts";
import { shardRange } from "./ranges.ts";
import { PLAN_SOURCES, type TraceSource } from "./sources.ts";
import type { RunRange } from "./tally.ts";

const count = z.int().min(0);
const shortHashSchema = z.string().regex(/^[0-9a-f]{16}$/);

/** What a campaign is to do, so that it can be gone on with elsewhere or later. */
export const planSchema = z.strictObject({
  before: z.string(),
  after: z.string(),
  seed: count,
  /** What kind of traces it draws. */
  source: z.enum(PLAN_SOURCES),
  /** Names the corpus that its traces start from: see corpusHash. */
  corpus: shortHashSchema.nullable().default(null),
  /** Runs of the whole campaign, shards together; null when time ends it. */
  runs: z.int().min(1).nullable(),
  milliseconds: z.number().positive().nullable(),
  /** Which part of the runs is meant, `index` from 1 to `of`; null for all. */
  shard: z
    .strictObject({ index: z.int().min(1), of: z.int().min(1) })
    .refine(({ index, of }) => index <= of, "there is no such shard")
    .nullable(),
  /** What this build's models and oracle answer to a few runs: see probeOf. */
  probe: shortHashSchema,
});

export type CampaignPlan = z.infer<typeof planSchema>;

const PROBE_RUNS = 8;

/**
 * Tells builds apart that answer differently: a hash of what the first runs show. Work done by
 * two builds must not be added up, and a version number does not change with every edit.
 */
export async function probeOf(
  seed: number,
  traceOf: TraceSource,
  differential: Differential,
): Promise<string> {
  return shortHash(await tallyRuns(seed, 0, PROBE_RUNS, differential, traceOf));
}

/** The first 16 hex digits of the SHA-256 of a value's JSON. */
export function shortHash(value: unknown): string {
  return sha256(JSON.stringify(value)).slice(0, 16);
}

/** The runs that are to be done under a plan; `to` is undefined when only time ends it. */
export function runsOfPlan({ runs, shard }: CampaignPlan): { from: number; runs?: number } {
  if (runs === null) return { from: 0 };
  const { from, to }: RunRange =
    shard === null ? { from: 0, to: runs } : shardRange(runs, shard.index, shard.of);
  return { from, runs: to - from };
}

/** Names what does not depend on the cut: shards of one campaign have one identity. */
export function identityOf({
  before,
  after,
  seed,
  source,
  corpus,
  runs,
  milliseconds,
  probe,
}: CampaignPlan): string {
  return shortHash([before, after, seed, source, corpus, runs, milliseconds, probe]);
}

const FIELDS = ["before", "after", "seed", "source", "corpus", "runs", "milliseconds"] as const;

/** How `other` is another campaign than `plan`, in words; null when it is the same one. */
export function planDifference(plan: CampaignPlan, other: CampaignPlan): string | null {
  for (const field of FIELDS) {
    if (plan[field] !== other[field]) return `${field} ${other[field]}, not ${plan[field]}`;
  }
  return plan.probe === other.probe ? null : "its build answers the same runs differently";
}
