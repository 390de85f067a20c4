import { headlines } from "./campaigntext.ts";
import { cleanedData } from "./clean.ts";
import { drawReplay } from "./draw.ts";
import { plural } from "./numbers.ts";
import { countText, rootViews } from "./rootstext.ts";
import {
  beginText,
  type CampaignView,
  type FindingView,
  firstDifference,
  inOrder,
  partedText,
  replayCommand,
  standingText,
  symptomTable,
  TOLD,
} from "./view.ts";

/** A campaign as GitHub-flavoured markdown, for a pull request or a mail. */
export function markdown(raw: CampaignView): string {
  const view = cleanedData(raw);
  const { campaign } = view;
  const blocks = [
    `# pfndiff: ${escaped(campaign.before)} against ${escaped(campaign.after)}`,
    headlines(campaign)
      .map((line) => `- ${escaped(line)}`)
      .join("\n"),
    howToRepeat(campaign),
    ...rootList(view),
    ...summaryTable(view),
    ...[view.accepted === 0 ? beginText(campaign) : null, partedText(campaign.findings)].flatMap(
      (line) => (line === null ? [] : [escaped(line)]),
    ),
    ...inOrder(view.findings).map((finding) => findingBlock(finding, view)),
  ];
  return `${blocks.join("\n\n")}\n`;
}

function howToRepeat({ before, after, runs, seed }: CampaignView["campaign"]): string {
  const sides = `--before ${before} --after ${after}`;
  return [
    "```sh",
    `npx pfndiff fuzz ${sides} --runs ${runs} --seed ${seed}`,
    "npx pfndiff report --format markdown",
    "```",
  ].join("\n");
}

/** Roots first, each with what follows from it. */
function rootList(view: CampaignView): string[] {
  const views = rootViews(view);
  if (views.length === 0) return [];
  return [
    `## ${views.length} roots`,
    "Each groups what follows from one thing, as far as the witnesses tell; it is no verdict.",
    ...views.map((one) => {
      const { name, notice, findings } = one.root;
      const follows = findings.slice(1).map(code).join(", ");
      const head = `**${escaped(name)}** (${countText(one)}): ${escaped(notice)}. ${code(one.command)}`;
      return follows === "" ? head : `${head}\n\nWhat follows: ${follows}.`;
    }),
  ];
}

function summaryTable({ campaign }: CampaignView): string[] {
  const table = symptomTable(campaign.findings);
  if (table.length === 0) return ["No finding."];
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    [
      line(["symptom", ...TOLD]),
      line(["---", ...TOLD.map(() => "---:")]),
      ...table.map(({ symptom, counts }) =>
        line([symptom, ...TOLD.map((verdict) => String(counts[verdict]))]),
      ),
    ].join("\n"),
  ];
}

const STANDING = {
  accepted: "Accepted; in",
  "NOT ACCEPTED": "**Not accepted**; in",
  parted: "Parted; in",
  "": "In",
};

function findingBlock(one: FindingView, view: CampaignView): string {
  const { finding, known, replay, path } = one;
  const { verdict, symptom, cause, count, side, step, detail } = finding;
  const first = firstDifference(replay);
  const differing =
    first === null
      ? "The sides never differ."
      : [
          `First differing step ${first.step}:`,
          "",
          ...first.values.map(
            ({ label, before, after }) =>
              `- ${label}: before ${code(before)}, after ${code(after)}`,
          ),
        ].join("\n");
  return [
    `## ${verdict}: ${symptom}, ${escaped(cause)}`,
    `${STANDING[standingText(one, view)]} ${plural(count, "run")}. Step ${step}, ${side}: ${escaped(detail)}`,
    `\`\`\`text\n${drawReplay(replay).join("\n")}\n\`\`\``,
    differing,
    // An accepted finding can be shown again anywhere: its trace is in the baseline.
    code(replayCommand(known ? finding.signature : path)),
  ].join("\n\n");
}

/** Text that markdown would take for its own. `[0,1)` is fine: no link follows. */
function escaped(text: string): string {
  return text.replace(/[\\`*_<>|#]/g, "\\$&");
}

function code(text: string): string {
  const fence = "`".repeat(
    Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length)) + 1,
  );
  return `${fence}${text}${fence}`;
}
