import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { assembleReport } from "../../reports/assemble.ts";
import type { ReportData } from "../../reports/data.ts";
import { renderHtml } from "../../reports/html/index.ts";
import type { ReproInput } from "../../reports/repro/input.ts";
import type { CampaignView } from "../../reports/view.ts";
import { withPair } from "./backends.ts";
import { projectRoot } from "./files.ts";
import type { Io } from "./io.ts";
import type { Judged } from "./judged.ts";
import { reproInput } from "./reproinput.ts";
import { kernelWitnesses, resultsOfKernels } from "./witnesses.ts";

/** The viewer with a campaign in it, judged by the baseline, and what else there is to show. */
export async function htmlReport(
  io: Io,
  view: CampaignView,
  gate: Judged,
  extras: Pick<ReportData, "claims" | "arena" | "matrix" | "coverage" | "races">,
): Promise<string> {
  const repro = await reproInputs(view, gate);
  // Of a pair that nobody has begun a baseline for, no finding has a standing.
  const judged = gate.baseline.entries.length === 0 ? null : gate;
  const witnesses = await kernelWitnesses(io);
  const kernelsOf = (input: ReproInput) => resultsOfKernels(input, witnesses);
  const report = assembleReport({ view, gate: judged, repro, kernelsOf, ...extras });
  // The build puts it beside the bundle; without it the installation is broken, not the input.
  const template = await readFile(join(projectRoot(), "dist", "viewer.html"), "utf8");
  return renderHtml(report, template);
}

/** What reproducers are made from, for every finding that the viewer shows. */
async function reproInputs(
  { campaign, findings }: CampaignView,
  { baseline, replays, sides }: Judged,
): Promise<ReadonlyMap<string, ReproInput>> {
  const inputs = new Map<string, ReproInput>();
  for (const entry of baseline.entries) {
    const judged = replays.get(entry.signature)?.findings ?? [];
    const shown = judged.find(({ signature }) => signature === entry.signature);
    if (shown === undefined) continue;
    const finding = { ...shown, trace: entry.trace };
    inputs.set(entry.signature, await withPair(sides, (pair) => reproInput(pair, finding)));
  }
  await withPair(campaign, async (pair) => {
    for (const { finding } of findings) {
      inputs.set(finding.signature, await reproInput(pair, finding));
    }
  });
  return inputs;
}
