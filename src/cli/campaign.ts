import { join } from "node:path";
import { findingFileName } from "../results/findings.ts";
import { type Differential, recordingDifferential, verdictsOf } from "../../fuzz/differential.ts";
import { LiveDifferential } from "../../fuzz/livedifferential.ts";
import type { Campaign } from "../../fuzz/summary.ts";
import { rootsOf } from "../../reports/roots.ts";
import { type Baseline, reasonOf } from "../gate.ts";
import type { CampaignView, FindingView } from "../../reports/view.ts";
import { batchOf } from "../../tree/backend.ts";
import type { Backend } from "../backend.ts";
import { ModelSide } from "../engine/modelside.ts";
import { TreeSide } from "../engine/treeside.ts";
import { judge } from "../oracle/judge.ts";
import type { LiveSide } from "../oracle/observed.ts";
import type { Replay } from "../replay.ts";
import type { Trace } from "../trace/trace.ts";
import { isModel, isTree, type Pair } from "./backends.ts";
import { recorderOf, replayOn, underGuards } from "./bothsides.ts";
import { survivingLoss } from "./kernelcampaign.ts";

/**
 * Both sides and the oracle, as the campaign wants them. Two models are run together from memory; anything else is recorded and judged.
 */
export function differentialOf({ before, after }: Pair): Differential {
  const [was, is] = [liveSideOf(before), liveSideOf(after)];
  if (was !== null && is !== null) {
    const live = new LiveDifferential(was, is);
    const run = (trace: Trace) => underGuards({ before, after }, trace.name, () => live.run(trace));
    const trees = [before, after].filter(isTree);
    if (trees.length === 0) return run;
    return Object.assign(run, {
      announce: (traces: readonly Trace[]) => {
        const batch = batchOf(traces);
        for (const tree of trees) tree.announce(batch);
      },
    });
  }
  const recorded = recordingDifferential(recorderOf(before), recorderOf(after), (left, right) =>
    verdictsOf(judge(left, right)),
  );
  return survivingLoss({ before, after }, recorded);
}

/** A backend as a side that is judged while it runs, or null for one that only records. */
function liveSideOf(backend: Backend): LiveSide | null {
  if (isModel(backend)) return new ModelSide(backend);
  return isTree(backend) ? new TreeSide(backend) : null;
}

/** Every minimal trace of a campaign run again, by signature. */
export async function replaysOf(campaign: Campaign, pair: Pair): Promise<Map<string, Replay>> {
  const replays = new Map<string, Replay>();
  for (const { signature, trace } of campaign.findings) {
    replays.set(signature, await replayOn(pair, trace));
  }
  return replays;
}

/** A campaign with what its minimal traces show, so that they can be drawn. */
export function viewCampaign(
  campaign: Campaign,
  replays: ReadonlyMap<string, Replay>,
  accepted: Baseline,
  directory: string,
): CampaignView {
  const known = new Map(accepted.entries.map((entry) => [entry.signature, entry]));
  const findings = campaign.findings.map((finding): FindingView => {
    const name = findingFileName(campaign.before, campaign.after, finding);
    const entry = known.get(finding.signature);
    return {
      finding,
      known: entry !== undefined,
      ...(entry === undefined ? {} : { reason: reasonOf(entry), ref: entry.ref }),
      replay: replayOf(replays, finding.signature),
      path: join(directory, name),
    };
  });
  return { campaign, findings, accepted: known.size };
}

/** A campaign and the roots that its findings follow from. */
export async function withRoots(
  campaign: Campaign,
  replays: ReadonlyMap<string, Replay>,
  pair: Pair,
): Promise<Campaign> {
  const replayed = campaign.findings.map((finding) => ({
    finding,
    replay: replayOf(replays, finding.signature),
  }));
  const roots = await rootsOf(replayed, (trace) => replayOn(pair, trace));
  return { ...campaign, roots };
}

function replayOf(replays: ReadonlyMap<string, Replay>, signature: string): Replay {
  const replay = replays.get(signature);
  if (replay === undefined) throw new Error(`${signature} was not replayed`);
  return replay;
}
