import { appendFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { loadLatest } from "../../fuzz/corpus.ts";
import { version } from "../../package.json";
import { githubSummary } from "../../reports/formats/github.ts";
import { judgedReport } from "../../reports/formats/report.ts";
import type { ReportFormat } from "../../reports/formats.ts";
import { RENDERERS } from "../../reports/renderers.ts";
import { openPair } from "./backends.ts";
import { viewCampaign } from "./campaign.ts";
import { checkedClaims } from "./claims.ts";
import { systemFault } from "./files.ts";
import { htmlReport } from "./htmlreport.ts";
import { EXIT, type Io } from "./io.ts";
import { judgeByBaseline } from "./judged.ts";

export interface ReportOptions {
  readonly format: ReportFormat;
  /** The file that SARIF results and GitHub annotations are pinned to. */
  readonly file: string;
  /** Check the series' claims too, and report them: html and markdown only. */
  readonly claims?: boolean;
}

/** Renders a saved campaign. `directory` is a results directory or its `latest`. */
export async function report(io: Io, directory: string, options: ReportOptions): Promise<number> {
  const results = basename(directory) === "latest" ? dirname(directory) : directory;
  const campaign = await loadLatest(results);
  const gate = await judgeByBaseline({ campaign });
  const accepted = new Set(gate.baseline.entries.map(({ signature }) => signature));
  const pair = await openPair(campaign);
  const view = await viewCampaign(campaign, pair, accepted, `${results}/latest`);
  const { format, file, claims } = options;
  if (format === "html") {
    const checked = claims === true ? await checkedClaims(io) : undefined;
    await io.out(await htmlReport(view, gate, checked));
    return EXIT.ok;
  }
  const judged = judgedReport(campaign, gate.baseline, gate.outcome);
  await io.out(RENDERERS[format]({ view, judged, version, file }));
  const summary = io.env["GITHUB_STEP_SUMMARY"] ?? "";
  if (format === "github" && summary !== "") await append(summary, githubSummary(judged));
  return EXIT.ok;
}

async function append(path: string, text: string): Promise<void> {
  try {
    await appendFile(path, text);
  } catch (error) {
    throw systemFault(path, error);
  }
}
