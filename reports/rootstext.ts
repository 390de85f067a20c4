import type { Root } from "../fuzz/roots/root.ts";
import { wrapped } from "./folded.ts";
import { glanceOfSteps } from "./glance.ts";
import { glanceKey, glanceText } from "./glancetext.ts";
import { plural } from "./numbers.ts";
import { opText } from "./optext.ts";
import type { Paint } from "./paint.ts";
import { byStanding, type Weighed } from "./worst.ts";
import { type CampaignView, replayCommand, standingText } from "./view.ts";
import { limitsText, memoryText, regionText } from "./worldtext.ts";

const COLUMNS = 100;

/** Where a trace happens that is told without its place. */
const USUAL_PLACE = memoryText("bar");

/** How many findings follow from a root, how many of them are not accepted, and how to see the simplest. */
export interface RootView extends Weighed {
  readonly command: string;
}

/** A campaign's roots: those with something that is not accepted first, then the graver; none where it was cut short. */
export function rootViews(campaignView: CampaignView): RootView[] {
  const { campaign, findings } = campaignView;
  const bySignature = new Map(findings.map((view) => [view.finding.signature, view]));
  const views = (campaign.roots ?? []).map((root): RootView => {
    const members = root.findings.flatMap((signature) => bySignature.get(signature) ?? []);
    const [first] = members;
    if (first === undefined) throw new Error(`root ${root.name} names no finding of the campaign`);
    const { known, path, finding } = first;
    const fresh = members.filter(
      (view) => standingText(view, campaignView) === "NOT ACCEPTED",
    ).length;
    const verdicts = members.map((view) => view.finding.verdict);
    return { root, fresh, verdicts, command: replayCommand(known ? finding.signature : path) };
  });
  return byStanding(views);
}

/** `17 findings, 2 NOT ACCEPTED`. */
export function countText({ root: { findings }, fresh }: RootView): string {
  const count = plural(findings.length, "finding");
  return fresh === 0 ? count : `${count}, ${fresh} NOT ACCEPTED`;
}

/** A picture has at most so many lines in a summary. */
const MOST_LINES = 9;

/** How many findings each root has, and the one that matters most, drawn. */
export function rootSummary(view: CampaignView, paint: Paint): string[] {
  const views = rootViews(view);
  const first = mattersMost(views, view);
  if (first === undefined) return [];
  return [
    wrapped(`By root, gravest first: ${rootCounts(views)}.`, COLUMNS),
    "",
    headOf(first, paint),
    `  ${wrapped(first.root.notice, COLUMNS - 2)}`,
    ...drawing(first, view).map((line) => `  ${line}`),
    `  ${first.command}`,
    "",
  ];
}

/** Each root's name and how many findings it has; kinds of one root in a row share a pair of braces. */
function rootCounts(views: readonly RootView[]): string {
  const groups: { readonly kind: string; readonly counts: string[] }[] = [];
  for (const { root, fresh } of views) {
    const [, kind = "", name = root.name] = /^(\w+:\w+:)(.*)$/.exec(root.name) ?? [];
    const count = `${name} ${root.findings.length}${fresh > 0 ? ` (${fresh} NOT ACCEPTED)` : ""}`;
    const last = groups.at(-1);
    if (kind !== "" && last?.kind === kind) last.counts.push(count);
    else groups.push({ kind, counts: [count] });
  }
  const told = groups.map(({ kind, counts }) =>
    counts.length === 1 ? `${kind}${counts[0]}` : `${kind}{${counts.join(", ")}}`,
  );
  return told.join(", ");
}

/** The gravest root with something that nobody has accepted, or else whose picture shows a difference. */
function mattersMost(views: readonly RootView[], view: CampaignView): RootView | undefined {
  const differs = ({ root }: RootView) => {
    const simplest = simplestOf(root, view);
    if (simplest === undefined) return false;
    return glanceOfSteps(simplest.replay.steps).rows.some((row) => row.differs.includes(true));
  };
  return views.find(({ fresh }) => fresh > 0) ?? views.find(differs) ?? views[0];
}

function simplestOf({ findings: [first] }: Root, { findings }: CampaignView) {
  return findings.find(({ finding }) => finding.signature === first);
}

/** All steps of a root's simplest finding at a glance, where that is small enough for a summary. */
function drawing({ root }: RootView, view: CampaignView): string[] {
  const simplest = simplestOf(root, view);
  if (simplest === undefined) return [];
  const { steps, trace } = simplest.replay;
  const glance = glanceOfSteps(steps);
  const lines = glanceText(glance);
  const isSmall = lines.length <= MOST_LINES && lines.every(({ length }) => length < COLUMNS);
  if (!isSmall) return [];
  const ops = trace.ops.map((op, step) => `${step} ${opText(op)}`).join("; ");
  const place = `${regionText(trace.world)}${limitsText(trace.world)}`;
  const told = place === USUAL_PLACE ? ops : `in ${place}: ${ops}`;
  return [wrapped(told, COLUMNS), ...lines, wrapped(glanceKey(glance), COLUMNS - 2)];
}

function headOf(view: RootView, paint: Paint): string {
  const title = `${view.root.name}  [${countText(view)}]`;
  return view.fresh > 0 ? paint.bad(title) : paint.strong(title);
}

/** Roots with what a user notices, then what follows from each, folded. */
export function rootLines(view: CampaignView, paint: Paint): string[] {
  const views = rootViews(view);
  if (views.length === 0) return [];
  return [
    paint.strong(`${views.length} roots (each groups what follows from one thing; no verdict):`),
    "",
    ...views.flatMap((one) => rootBlock(one, paint)),
  ];
}

function rootBlock(view: RootView, paint: Paint): string[] {
  const { notice, findings } = view.root;
  const follows = findings.slice(1);
  return [
    headOf(view, paint),
    `  ${wrapped(notice, COLUMNS)}`,
    ...(follows.length === 0 ? [] : [paint.faint(`  > ${wrapped(follows.join(" "), COLUMNS)}`)]),
    `  ${view.command}`,
    "",
  ];
}
