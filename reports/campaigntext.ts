import type { Campaign, LeftOut } from "../fuzz/summary.ts";
import { cleanedData } from "./clean.ts";
import { drawReplay } from "./draw.ts";
import { wrapped } from "./folded.ts";
import { verdictText } from "./front.ts";
import { grouped, percent, plural, retentionText } from "./numbers.ts";
import { type Paint, pad } from "./paint.ts";
import { rootLines, rootSummary } from "./rootstext.ts";
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

const COLUMNS = 100;

/** A campaign for a terminal: what was run, symptom by verdict, and each finding drawn. */
export function campaignText(raw: CampaignView, paint: Paint): string {
  const view = cleanedData(raw);
  const lines = [
    ...tableLines(view.campaign, paint),
    ...inOrder(view.findings).flatMap((finding) => findingLines(finding, view, paint)),
    ...rootLines(view, paint),
    ...closingLines(view, paint),
  ];
  return `${lines.join("\n")}\n`;
}

/** A campaign in some 25 lines: what was run, the verdict, its roots, and where the rest is. */
export function campaignSummary(raw: CampaignView, paint: Paint, results: string): string {
  const view = cleanedData(raw);
  const { campaign } = view;
  const { goalsMissed: missed } = campaign;
  const lines = [
    ranText(campaign),
    ...(missed.length === 0 ? [] : [goalsText(campaign)]),
    ...(campaign.unverified ?? []),
    residualText(campaign),
    ...verdictLines(view, paint, verdictText(campaign.findings.map(({ verdict }) => verdict))),
    ...rootSummary(view, paint),
    `the rest: --full draws it here; npx pfndiff report ${results} --format html > report.html`,
    "the words: npx pfndiff help words, help symptoms",
  ];
  return `${lines.join("\n")}\n`;
}

function ranText({ before, after, runs, seed, ops, digest }: Campaign): string {
  const what = `${before} against ${after}: ${plural(runs, "run")} of seed ${seed}`;
  const rest = `${plural(ops, "op")}, digest ${digest.slice(0, 16)}`;
  return wrapped(`${what}, ${rest}`, COLUMNS);
}

/** What was run, in one or a few lines. */
export function headlines(campaign: Campaign): string[] {
  const { before, after, seed, runs, ops, digest } = campaign;
  const reached = Object.entries(campaign.goals).filter(([, count]) => count > 0);
  const { goalsMissed: missed, goalsLeftOut: leftOut = [] } = campaign;
  const { retention, retentionBefore } = campaign;
  return [
    `${before} against ${after}: ${plural(runs, "run")}, ${plural(ops, "op")}`,
    `seed ${seed}, digest ${digest.slice(0, 16)}`,
    missed.length === 0
      ? `goals: ${leftOut.length === 0 ? "all " : ""}${reached.length} reached`
      : `goals MISSED, so this campaign proves little: ${missed.join(", ")} (run longer)`,
    ...leftOutLines(leftOut),
    ...(campaign.unverified ?? []),
    `runs that reached each: ${reached.map(([goal, count]) => `${goal} ${grouped(count)}`).join(", ")}`,
    residualText(campaign),
    ...(retentionBefore === undefined
      ? []
      : [`over-retention before: ${retentionText(retentionBefore)}`]),
    `over-retention after: ${retentionText(retention)}`,
    `${grouped(campaign.notComparable)} of ${plural(ops, "step")} not comparable (the sides had different VMAs)`,
  ];
}

/** What the campaign is not held to, with each reason once. */
function leftOutLines(leftOut: readonly LeftOut[]): string[] {
  return [...new Set(leftOut.map(({ why }) => why))].map((why) => {
    const goals = leftOut.filter((one) => one.why === why).map(({ goal }) => goal);
    return `goals left out: ${goals.join(", ")} (${why})`;
  });
}

function goalsText({ goals, goalsMissed }: Campaign): string {
  return goalsMissed.length === 0
    ? `goals: all ${Object.values(goals).filter((count) => count > 0).length} reached`
    : `goals MISSED, so this campaign proves little: ${goalsMissed.join(", ")} (run longer)`;
}

/** What the campaign says of what it has not seen. */
function residualText({ residual, interrupted }: Campaign): string {
  const { chance, low, high } = residual;
  const range = `95 %: ${percent(low)} to ${percent(high)}`;
  const cut = interrupted === true ? "; interrupted: its traces are not minimal" : "";
  return `chance that the next run shows a new signature: ${percent(chance)} (${range})${cut}`;
}

function closingLines(view: CampaignView, paint: Paint): string[] {
  const { campaign } = view;
  return [
    ...headlines(campaign),
    `${grouped(campaign.opsPerSecond)} ops/s`,
    ...verdictLines(view, paint),
  ];
}

/**
 * What is to be said of the findings by the baseline, how many have each verdict where that is told, and
 * how many parted ones are left out.
 */
function verdictLines(view: CampaignView, paint: Paint, told: string | null = null): string[] {
  const { campaign, accepted } = view;
  const findings = view.findings.filter(({ finding }) => finding.verdict !== "parted");
  const counted = plural(findings.length, "finding");
  const by = told === null ? "." : `: ${told}.`;
  const parted = partedText(campaign.findings);
  const apart = parted === null ? [] : [parted];
  if (accepted === 0) {
    const line = wrapped(`${counted}${by}`, COLUMNS);
    return [paint.strong(line), wrapped(beginText(campaign), COLUMNS), ...apart];
  }
  const fresh = findings.filter(({ known }) => !known).length;
  const line = (standing: string) => wrapped(`${counted}, ${standing}${by}`, COLUMNS);
  return [
    fresh === 0
      ? paint.good(line("all accepted by the baseline"))
      : paint.bad(line(`${fresh} NOT ACCEPTED by the baseline`)),
    ...apart,
  ];
}

function tableLines({ findings }: Campaign, paint: Paint): string[] {
  const table = symptomTable(findings);
  if (table.length === 0) return ["No finding.", ""];
  const width = Math.max(...table.map(({ symptom }) => symptom.length)) + 2;
  const head = pad("symptom", width) + TOLD.map((verdict) => pad(verdict, 12)).join("");
  const rows = table.map(({ symptom, counts }) => {
    const cells = TOLD.map((verdict) =>
      pad(counts[verdict] === 0 ? "." : `${counts[verdict]}`, 12),
    );
    return (pad(symptom, width) + cells.join("")).trimEnd();
  });
  return [paint.strong(head.trimEnd()), ...rows, ""];
}

function findingLines(one: FindingView, view: CampaignView, paint: Paint): string[] {
  const { finding, replay, path } = one;
  const { verdict, symptom, cause, count, side, step, parted } = finding;
  const standing = standingText(one, view);
  const told = standing === "" ? "" : `${standing}; `;
  const title = `${verdict.toUpperCase()}  ${symptom}: ${cause}  [${told}in ${plural(count, "run")}]`;
  const apart = parted ? " (the sides had parted: the other side's silence proves nothing)" : "";
  const first = firstDifference(replay);
  const differing =
    first === null
      ? ["  the sides never differ"]
      : [
          `  first differing step ${first.step}:`,
          ...first.values.flatMap(({ label, before, after }) => [
            `    before  ${label}: ${before}`,
            `    after   ${label}: ${after}`,
          ]),
        ];
  return [
    standing === "NOT ACCEPTED" ? paint.bad(title) : paint.strong(title),
    `  step ${step}, ${side}: ${finding.detail}${apart}`,
    "",
    ...drawReplay(replay).map((line) => `  ${line}`),
    "",
    ...differing,
    `  ${replayCommand(path)}`,
    "",
  ];
}
