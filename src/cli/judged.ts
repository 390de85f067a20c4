import type { CampaignView } from "../../reports/view.ts";
import { type Baseline, type GateOutcome, judgeGate } from "../gate.ts";
import type { Replay } from "../replay.ts";
import { openPair } from "./backends.ts";
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
    replays.set(entry.signature, await replayOn(await openPair(entry), entry.trace));
  }
  const judged = new Map([...replays].map(([signature, { findings }]) => [signature, findings]));
  const outcome = judgeGate(baseline, { replays: judged, campaign: campaign.findings });
  return { baseline, outcome, replays };
}
