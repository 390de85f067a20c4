import { join } from "node:path";
import { findingFileName } from "../results/findings.ts";
import { type Differential, recordingDifferential } from "../../fuzz/differential.ts";
import { LiveDifferential } from "../../fuzz/livedifferential.ts";
import type { Campaign } from "../../fuzz/summary.ts";
import type { CampaignView, FindingView } from "../../reports/view.ts";
import { ModelSide } from "../engine/modelside.ts";
import { judge } from "../oracle/judge.ts";
import { isModel, type Pair } from "./backends.ts";
import { recorderOf, replayOn, underGuards } from "./bothsides.ts";
import { survivingLoss } from "./kernelcampaign.ts";

/**
 * Both sides and the oracle, as the campaign wants them: over-retention is the after side's. Two
 * models are run together from memory; anything else is recorded and judged.
 */
export function differentialOf({ before, after }: Pair): Differential {
  if (isModel(before) && isModel(after)) {
    const models = new LiveDifferential(new ModelSide(before), new ModelSide(after));
    return (trace) => underGuards({ before, after }, trace.name, () => models.run(trace));
  }
  const recorded = recordingDifferential(recorderOf(before), recorderOf(after), (left, right) => {
    const { findings, notComparable, retention } = judge(left, right);
    return { findings, notComparable, retention: retention.after };
  });
  return survivingLoss({ before, after }, recorded);
}

/** A campaign with every minimal trace run again, so that it can be drawn. */
export async function viewCampaign(
  campaign: Campaign,
  pair: Pair,
  accepted: ReadonlySet<string>,
  directory: string,
): Promise<CampaignView> {
  const findings: FindingView[] = [];
  for (const finding of campaign.findings) {
    const name = findingFileName(campaign.before, campaign.after, finding);
    findings.push({
      finding,
      known: accepted.has(finding.signature),
      replay: await replayOn(pair, finding.trace),
      path: join(directory, name),
    });
  }
  return { campaign, findings };
}
