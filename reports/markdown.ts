import { headlines } from "./campaigntext.ts";
import { cleanedData } from "./clean.ts";
import { frontText } from "./front.ts";
import { glanceOfSteps } from "./glance.ts";
import { glanceKey, glanceText } from "./glancetext.ts";
import { plural } from "./numbers.ts";
import { opText } from "./optext.ts";
import { countText, rootViews } from "./rootstext.ts";
import { worstOf } from "./worst.ts";
import {
  beginText,
  type CampaignView,
  type FindingView,
  inOrder,
  partedText,
  replayCommand,
  standingText,
  symptomTable,
  TOLD,
} from "./view.ts";

/** A campaign as GitHub-flavoured markdown, for a pull request or a mail: what changed and what is worst first. */
export function markdown(raw: CampaignView): string {
  const view = cleanedData(raw);
  const { campaign } = view;
  const apart = [
    view.accepted === 0 ? beginText(campaign) : null,
    partedText(campaign.findings),
  ].flatMap((line) => (line === null ? [] : [escaped(line)]));
  const blocks = [
    `# pfndiff: ${escaped(campaign.before)} against ${escaped(campaign.after)}`,
    ...frontText(campaign, campaign.findings).map(escaped),
    ...summaryTable(view),
    ...apart,
    ...worstRoots(view),
    ...folded(
      "All roots, gravest first, each with what follows from it, and no verdict",
      rootList(view),
    ),
    ...folded(`All ${plural(view.findings.length, "finding")}`, findingTable(view)),
    ...folded("What was run, and how to run it again", [
      headlines(campaign)
        .map((line) => `- ${escaped(line)}`)
        .join("\n"),
      howToRepeat(campaign),
    ]),
  ];
  return `${blocks.join("\n\n")}\n`;
}

/** Blocks that a reader opens. */
function folded(title: string, blocks: readonly string[]): string[] {
  if (blocks.length === 0) return [];
  return [`<details>\n<summary>${title}</summary>`, ...blocks, "</details>"];
}

/** The worst roots: what a user notices, and the simplest witness drawn. */
function worstRoots(view: CampaignView): string[] {
  const bySignature = new Map(view.findings.map((one) => [one.finding.signature, one]));
  const { worst } = worstOf(rootViews(view));
  if (worst.length === 0) return [];
  return [
    "## What is worst",
    ...worst.flatMap(({ root, command }, index) => {
      const witness = bySignature.get(root.findings[0] ?? "");
      const drawn = witness === undefined ? [] : [findingBlock(witness)];
      const why = witness === undefined ? "" : whyText(witness, view);
      return [
        `${index + 1}. **${escaped(root.name)}**: ${escaped(root.notice)}. ${code(command)}${why}`,
        ...drawn,
      ];
    }),
  ];
}

/** What the baseline says of a finding, behind what else is said of it; nothing where there is no baseline. */
function whyText(one: FindingView, view: CampaignView): string {
  const standing = STANDING[standingText(one, view)];
  if (standing === "") return "";
  const { reason, ref } = one;
  const why = reason === undefined ? "" : `: ${reason}`;
  return ` ${standing}${escaped(`${why}${ref === undefined ? "" : ` (${ref})`}`)}`;
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

/** Every root with what follows from it. */
function rootList(view: CampaignView): string[] {
  const views = rootViews(view);
  if (views.length === 0) return [];
  return [
    views
      .map((one) => {
        const { name, notice, findings } = one.root;
        const follows = findings.slice(1).map(code).join(", ");
        const head = `- **${escaped(name)}** (${countText(one)}): ${escaped(notice)}. ${code(one.command)}`;
        return follows === "" ? head : `${head} What follows: ${follows}.`;
      })
      .join("\n"),
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

const STANDING = { accepted: "accepted", "NOT ACCEPTED": "**not accepted**", parted: "", "": "" };

/** A row a finding, with why it is accepted. Its trace is in the baseline or in a file that the command names. */
function findingTable(view: CampaignView): string[] {
  if (view.findings.length === 0) return [];
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rows = inOrder(view.findings).map((one) => {
    const { finding, known, path, reason, ref } = one;
    const { signature, count, step, side, detail } = finding;
    const standing = STANDING[standingText(one, view)];
    const why = [reason ?? "", ref === undefined ? "" : `(${ref})`].map(escaped);
    const show = replayCommand(known ? signature : path);
    return line([
      cellCode(signature),
      `in ${plural(count, "run")}; step ${step}, ${side}: ${escaped(detail)}`,
      [standing, ...why].filter((text) => text !== "").join(" "),
      cellCode(show),
    ]);
  });
  return [
    [
      line(["finding", "what", "accepted, and why", "shown by"]),
      line(Array(4).fill("---")),
      ...rows,
    ].join("\n"),
  ];
}

/** A finding's trace with all steps at a glance. */
function findingBlock({ finding, replay }: FindingView): string {
  const { signature, step, side, detail } = finding;
  const ops = replay.steps.map(({ index, op }) => `${index}  ${opText(op)}`);
  const glance = glanceOfSteps(replay.steps);
  const drawn = glanceText(glance);
  return [
    `${code(signature)}, step ${step}, ${side}: ${escaped(detail)}`,
    `\`\`\`text\n${[...ops, "", ...drawn, glanceKey(glance)].join("\n")}\n\`\`\``,
  ].join("\n\n");
}

/** Code in a table, whose cells end at a bar even there. */
function cellCode(text: string): string {
  return code(text).replaceAll("|", "\\|");
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
