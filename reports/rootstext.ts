import type { Root } from "../fuzz/roots/root.ts";
import { wrapped } from "./folded.ts";
import { plural } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import { type CampaignView, replayCommand, standingText } from "./view.ts";

const COLUMNS = 100;

/** How many findings follow from a root, how many of them are not accepted, and how to see the simplest. */
export interface RootView {
  readonly root: Root;
  readonly fresh: number;
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
    return { root, fresh, command: replayCommand(known ? finding.signature : path) };
  });
  return views.sort((a, b) => Number(b.fresh > 0) - Number(a.fresh > 0));
}

/** `17 findings, 2 NOT ACCEPTED`. */
export function countText({ root: { findings }, fresh }: RootView): string {
  const count = plural(findings.length, "finding");
  return fresh === 0 ? count : `${count}, ${fresh} NOT ACCEPTED`;
}

/** How many of the gravest roots a summary tells in full. */
const WORST = 3;

/** How many findings each root has, in a few lines, and the gravest roots with their sentences. */
export function rootSummary(view: CampaignView, paint: Paint): string[] {
  const views = rootViews(view);
  if (views.length === 0) return [];
  const counts = views.map(
    (one) =>
      `${one.root.name} ${one.root.findings.length}${one.fresh > 0 ? ` (${one.fresh} NOT ACCEPTED)` : ""}`,
  );
  return [
    paint.strong(`findings by root, gravest first (a root groups them; it is no verdict):`),
    `  ${wrapped(counts.join(", "), COLUMNS)}`,
    "",
    ...views
      .slice(0, WORST)
      .flatMap((one) => [
        headOf(one, paint),
        `  ${wrapped(one.root.notice, COLUMNS)}`,
        `  ${one.command}`,
      ]),
    "",
  ];
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
