import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { assembleReport } from "../../reports/assemble.ts";
import { renderHtml } from "../../reports/html/index.ts";
import type { CampaignView } from "../../reports/view.ts";
import { judgeGate } from "../gate.ts";
import type { Replay } from "../replay.ts";
import { openPair } from "./backends.ts";
import { readBaseline } from "./baseline.ts";
import { replayOn } from "./bothsides.ts";
import { projectRoot } from "./files.ts";

/** The viewer with a campaign in it, judged by the project's baseline. */
export async function htmlReport(view: CampaignView): Promise<string> {
  const baseline = await readBaseline();
  const replays = new Map<string, Replay>();
  for (const entry of baseline.entries) {
    replays.set(entry.signature, await replayOn(await openPair(entry), entry.trace));
  }
  const judged = new Map([...replays].map(([signature, { findings }]) => [signature, findings]));
  const { findings } = view.campaign;
  const outcome = judgeGate(baseline, { replays: judged, campaign: findings });
  // The build puts it beside the bundle; without it the installation is broken, not the input.
  const template = await readFile(join(projectRoot(), "dist", "viewer.html"), "utf8");
  return renderHtml(assembleReport({ view, gate: { baseline, outcome, replays } }), template);
}
