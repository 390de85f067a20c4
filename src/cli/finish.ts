import { join } from "node:path";
import type { CampaignResult } from "../../fuzz/campaign.ts";
import { saveResult } from "../results/findings.ts";
import { campaignText, headlines } from "../../reports/campaigntext.ts";
import { ANSI, PLAIN } from "../../reports/paint.ts";
import type { Pair } from "./backends.ts";
import { viewCampaign } from "./campaign.ts";
import { EXIT, type Io, oneLine } from "./io.ts";

/** Where a campaign's results go, and what counts as known. */
export interface Finish {
  readonly pair: Pair;
  readonly out: string;
  readonly accepted: ReadonlySet<string>;
  readonly json?: boolean | undefined;
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
  if (to.json === true) await io.out(`${JSON.stringify(campaign)}\n`);
  else if (result.interrupted) {
    // Who interrupts wants to get away: the findings are saved, and drawn when it has gone on.
    await io.out(`${headlines(campaign).join("\n")}\n`);
  } else {
    const view = await viewCampaign(campaign, pair, accepted, folder);
    await io.out(campaignText(view, io.colour ? ANSI : PLAIN));
  }
  const unknown = campaign.findings.some(({ signature }) => !accepted.has(signature));
  return unknown || campaign.goalsMissed.length > 0 ? EXIT.divergence : EXIT.ok;
}
