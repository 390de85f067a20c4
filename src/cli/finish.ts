import { join } from "node:path";
import type { CampaignResult } from "../../fuzz/campaign.ts";
import { saveResult, saveSummary } from "../results/findings.ts";
import type { Campaign } from "../../fuzz/summary.ts";
import { campaignSummary, campaignText, headlines } from "../../reports/campaigntext.ts";
import { ANSI, PLAIN } from "../../reports/paint.ts";
import { type Baseline, isUnexpected } from "../gate.ts";
import type { Pair } from "./backends.ts";
import { replaysOf, viewCampaign, withRoots } from "./campaign.ts";
import { tellStanding } from "./confirm.ts";
import { EXIT, type Io, oneLine } from "./io.ts";

/** Where a campaign's results go, and what is accepted of its pair. */
export interface Finish {
  readonly pair: Pair;
  readonly out: string;
  readonly accepted: Baseline;
  readonly json?: boolean | undefined;
  /** Print every finding, drawn, and not a summary of them. */
  readonly full?: boolean | undefined;
  /** A kernel that is to show what a tree shows. */
  readonly confirm?: string | undefined;
}

/** Saves a campaign and prints it; returns 1 when it found what nobody accepted, or too little. */
export async function finish(io: Io, result: CampaignResult, to: Finish): Promise<number> {
  const { pair, out, accepted } = to;
  const { campaign } = result;
  const folder = await saveResult(out, result);
  for (const { signature } of result.gone) {
    io.err(
      `saved finding no longer shows: ${oneLine(signature)} (moved to ${join(out, "gone")})\n`,
    );
  }
  if (result.interrupted) {
    // Who interrupts wants to get away: the findings are saved, and drawn when it has gone on.
    await io.out(to.json === true ? jsonLine(campaign) : `${headlines(campaign).join("\n")}\n`);
  } else {
    const replays = await replaysOf(campaign, pair);
    const rooted = await withRoots(campaign, replays, pair);
    await saveSummary(folder, rooted);
    const view = viewCampaign(rooted, replays, accepted, folder);
    const paint = io.colour ? ANSI : PLAIN;
    const text = () =>
      to.full === true ? campaignText(view, paint) : campaignSummary(view, paint, out);
    await io.out(to.json === true ? jsonLine(rooted) : text());
    const fresh = campaign.findings.filter((finding) => isUnexpected(accepted, finding));
    const say = async (line: string) => (to.json === true ? io.err(line) : io.out(line));
    await tellStanding(say, pair, fresh, to.confirm);
  }
  const unknown = campaign.findings.some((finding) => isUnexpected(accepted, finding));
  return unknown || campaign.goalsMissed.length > 0 ? EXIT.divergence : EXIT.ok;
}

const jsonLine = (campaign: Campaign) => `${JSON.stringify(campaign)}\n`;
