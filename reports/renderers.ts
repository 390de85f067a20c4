import { cleanedData } from "./clean.ts";
import type { TextFormat } from "./formats.ts";
import { githubAnnotations } from "./formats/github.ts";
import { junit } from "./formats/junit.ts";
import { ktap } from "./formats/ktap.ts";
import type { JudgedReport } from "./formats/report.ts";
import type { ReportDocument } from "./formats/reportdocument.ts";
import { sarif, type SarifOptions } from "./formats/sarif.ts";
import { markdown } from "./markdown.ts";
import { type CampaignView, inOrder } from "./view.ts";

/** What a text format is made from. */
export interface ReportMaterial extends SarifOptions {
  readonly view: CampaignView;
  /** The same campaign as the baseline judges it. */
  readonly judged: JudgedReport;
}

/** One renderer per format; a new format is one more row (and its name in formats.ts). */
export const RENDERERS: Readonly<Record<TextFormat, (material: ReportMaterial) => string>> = {
  markdown: ({ view }) => markdown(view),
  json: ({ view }) => json(view),
  junit: ({ judged }) => junit(judged),
  sarif: ({ judged, ...options }) => sarif(judged, options),
  ktap: ({ judged }) => ktap(cleanedData(judged)),
  github: ({ judged, file }) => githubAnnotations(judged, file),
};

function json({ campaign, findings }: CampaignView): string {
  const document: ReportDocument = {
    ...campaign,
    format: "pfndiff/report@1",
    findings: inOrder(findings).map(({ finding, known, path }) => ({ ...finding, known, path })),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
