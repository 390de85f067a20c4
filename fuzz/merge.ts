import { overlap } from "./journal.ts";
import { type CampaignPlan, planDifference, runsOfPlan } from "./plan.ts";
import { missingRanges, rangeText } from "./ranges.ts";
import { EMPTY_TALLY, mergeTallies, type Tally } from "./tally.ts";

/** Work of one shard, as its journal holds it. */
export interface ShardWork {
  /** How messages call it. */
  readonly path: string;
  readonly plan: CampaignPlan;
  readonly tally: Tally;
  readonly milliseconds: number;
}

/** All the shards of a campaign together. */
export interface WholeWork {
  readonly plan: CampaignPlan;
  readonly tally: Tally;
  readonly milliseconds: number;
}

/** Puts shards together; what is not the whole of one campaign is refused in words. */
export function mergeShards(shards: readonly ShardWork[]): WholeWork | string {
  const [first] = shards;
  if (first === undefined) return "there is nothing to merge";
  const plan = { ...first.plan, shard: null };
  const { runs } = runsOfPlan(plan);
  if (runs === undefined) return `${first.path}: is a --time campaign, which has no parts`;
  let tally = EMPTY_TALLY;
  for (const [index, shard] of shards.entries()) {
    const other = planDifference(plan, shard.plan);
    if (other !== null) return `${shard.path}: is of another campaign than ${first.path}: ${other}`;
    const twice = overlap(tally.ranges, shard.tally.ranges);
    if (twice !== null) {
      const holder = shards
        .slice(0, index)
        .find((earlier) => overlap(earlier.tally.ranges, [twice]) !== null);
      return `${shard.path}: ${rangeText(twice)} are in ${holder?.path ?? first.path} too`;
    }
    tally = mergeTallies(tally, shard.tally);
  }
  const missing = missingRanges({ from: 0, to: runs }, tally.ranges);
  if (missing.length > 0) {
    const which = missing.map(rangeText).join(", ");
    return `${which} of ${runs} are missing (a shard was not given, or did not end: --resume it)`;
  }
  const milliseconds = shards.reduce((sum, shard) => sum + shard.milliseconds, 0);
  return { plan, tally, milliseconds };
}
