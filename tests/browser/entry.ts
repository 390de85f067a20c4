import { runCampaign } from "../../fuzz/campaign.ts";
import { LiveDifferential } from "../../fuzz/livedifferential.ts";
import { legacyBackend } from "../../legacy/index.ts";
import { modernBackend } from "../../modern/index.ts";
import { judgedReport } from "../../reports/formats/report.ts";
import { RENDERERS } from "../../reports/renderers.ts";
import { ModelSide } from "../../src/engine/modelside.ts";
import { judgeGate } from "../../src/gate.ts";
import { judge } from "../../src/oracle/judge.ts";
import { layOut } from "../../src/replay.ts";

/** A small campaign of both designs, in every text format: all that needs neither files nor Node. */
export async function browse(): Promise<{ digest: string; rendered: Record<string, string> }> {
  const [before, after] = [legacyBackend("6.12"), modernBackend("7.2")];
  const models = new LiveDifferential(new ModelSide(before), new ModelSide(after));
  const { campaign } = await runCampaign({
    before: before.id,
    after: after.id,
    seed: 1,
    runs: 8,
    differential: (trace) => models.run(trace),
  });
  const findings = campaign.findings.map((finding) => {
    const recorded = [before.recordSync(finding.trace), after.recordSync(finding.trace)] as const;
    const replay = layOut(...recorded, judge(...recorded));
    return { finding, known: false, replay, path: "" };
  });
  const baseline = { format: "pfndiff/baseline@1" as const, entries: [] };
  const outcome = judgeGate(baseline, { replays: new Map(), campaign: campaign.findings });
  const judged = judgedReport(campaign, baseline, outcome);
  const material = {
    view: { campaign, findings, accepted: 0 },
    judged,
    version: "0",
    file: "baseline.json",
  };
  const rendered = Object.entries(RENDERERS).map(([name, render]) => [name, render(material)]);
  return { digest: campaign.digest, rendered: Object.fromEntries(rendered) };
}
