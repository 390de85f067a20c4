import type { TextFormat } from "./formats.ts";
import { markdown } from "./markdown.ts";
import type { CampaignView } from "./view.ts";

/** One renderer per format; a new format is one more row (and its name in formats.ts). */
export const RENDERERS: Readonly<Record<TextFormat, (view: CampaignView) => string>> = {
  markdown,
  json: ({ campaign, findings }) => {
    const known = new Map(findings.map((view) => [view.finding.signature, view]));
    const detailed = campaign.findings.map((finding) => ({
      ...finding,
      known: known.get(finding.signature)?.known ?? false,
      path: known.get(finding.signature)?.path,
    }));
    return `${JSON.stringify({ ...campaign, findings: detailed }, null, 2)}\n`;
  },
};
