import type { Io } from "./io.ts";
import type { Campaign } from "../../fuzz/summary.ts";
import { type Baseline, baselineOf, type GateOutcome, judgeGate } from "../gate.ts";
import type { Replay } from "../replay.ts";
import type { Sides } from "../trace/read.ts";
import { type Pair, withPair } from "./backends.ts";
import { readBaseline, sidesOfPair } from "./baseline.ts";
import { replayOn } from "./bothsides.ts";

/** What the project's baseline makes of a campaign. */
export interface Judged {
  /** The models of the pair. */
  readonly sides: Sides;
  /** What holds for it. */
  readonly baseline: Baseline;
  readonly outcome: GateOutcome;
  /** Each entry's trace run again on the pair's models, by signature. */
  readonly replays: ReadonlyMap<string, Replay>;
}

/** Judges a campaign of a pair as `pfndiff gate` would. */
export async function judgeByBaseline(
  campaign: Campaign,
  pair: Pair,
  io: Pick<Io, "err">,
): Promise<Judged> {
  const sides = await sidesOfPair(pair, io);
  const baseline = baselineOf(await readBaseline(), sides);
  const replays = new Map<string, Replay>();
  await withPair(sides, async (models) => {
    for (const { signature, trace } of baseline.entries) {
      replays.set(signature, await replayOn(models, trace));
    }
  });
  const judged = new Map([...replays].map(([signature, { findings }]) => [signature, findings]));
  const outcome = judgeGate(baseline, { replays: judged, campaign: campaign.findings });
  return { sides, baseline, outcome, replays };
}
