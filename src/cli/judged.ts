import type { CampaignView } from "../../reports/view.ts";
import { type Baseline, type GateOutcome, judgeGate } from "../gate.ts";
import type { Replay } from "../replay.ts";
import { withPair } from "./backends.ts";
import { readBaseline } from "./baseline.ts";
import { replayOn } from "./bothsides.ts";

/** What the project's baseline makes of a campaign. */
export interface Judged {
  readonly baseline: Baseline;
  readonly outcome: GateOutcome;
  /** Each entry's trace run again, by signature. */
  readonly replays: ReadonlyMap<string, Replay>;
}

/** Judges a campaign as `pfndiff gate` would. */
export async function judgeByBaseline({
  campaign,
}: Pick<CampaignView, "campaign">): Promise<Judged> {
  const baseline = await readBaseline();
  const replays = new Map<string, Replay>();
  for (const entry of baseline.entries) {
    const replay = await withPair(entry, (pair) => replayOn(pair, entry.trace));
    replays.set(entry.signature, replay);
  }
  const judged = new Map([...replays].map(([signature, { findings }]) => [signature, findings]));
  const outcome = judgeGate(baseline, { replays: judged, campaign: campaign.findings });
  return { baseline, outcome, replays };
}
