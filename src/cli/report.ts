import { basename, dirname } from "node:path";
import { loadLatest } from "../../fuzz/corpus.ts";
import type { ReportFormat } from "../../reports/formats.ts";
import { RENDERERS } from "../../reports/renderers.ts";
import { openPair } from "./backends.ts";
import { acceptedSignatures } from "./baseline.ts";
import { viewCampaign } from "./campaign.ts";
import { htmlReport } from "./htmlreport.ts";
import { EXIT, type Io } from "./io.ts";

export interface ReportOptions {
  readonly format: ReportFormat;
}

/** Renders a saved campaign. `directory` is a results directory or its `latest`. */
export async function report(io: Io, directory: string, options: ReportOptions): Promise<number> {
  const results = basename(directory) === "latest" ? dirname(directory) : directory;
  const campaign = await loadLatest(results);
  const pair = await openPair(campaign);
  const view = await viewCampaign(campaign, pair, await acceptedSignatures(), `${results}/latest`);
  const { format } = options;
  await io.out(format === "html" ? await htmlReport(view) : RENDERERS[format](view));
  return EXIT.ok;
}
