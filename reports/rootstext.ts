import type { Root } from "../fuzz/roots/root.ts";
import { wrapped } from "./folded.ts";
import type { Paint } from "./paint.ts";
import { type CampaignView, replayCommand } from "./view.ts";

const COLUMNS = 100;

/** How many findings follow from a root, how many of them are new, and how to see the simplest. */
export interface RootView {
  readonly root: Root;
  readonly fresh: number;
  readonly command: string;
}

/** A campaign's roots: those with something new first, then the graver; none where it was cut short. */
export function rootViews({ campaign, findings }: CampaignView): RootView[] {
  const bySignature = new Map(findings.map((view) => [view.finding.signature, view]));
  const views = (campaign.roots ?? []).map((root): RootView => {
    const members = root.findings.flatMap((signature) => bySignature.get(signature) ?? []);
    const [first] = members;
    if (first === undefined) throw new Error(`root ${root.name} names no finding of the campaign`);
    const { known, path, finding } = first;
    const fresh = members.filter((view) => !view.known).length;
    return { root, fresh, command: replayCommand(known ? finding.signature : path) };
  });
  return views.sort((a, b) => Number(b.fresh > 0) - Number(a.fresh > 0));
}

/** `17 findings, 2 NEW`. */
export function countText({ root: { findings }, fresh }: RootView): string {
  const count = `${findings.length} finding${findings.length === 1 ? "" : "s"}`;
  return fresh === 0 ? count : `${count}, ${fresh} NEW`;
}

/** What is in no root: findings of sides that had parted. */
export function rootlessText({ campaign }: CampaignView): string | null {
  const rooted = new Set((campaign.roots ?? []).flatMap(({ findings }) => findings));
  const left = campaign.findings.filter(({ signature }) => !rooted.has(signature)).length;
  return left === 0 || campaign.roots === undefined
    ? null
    : `${left} more in no root: the sides had parted before them, so they say nothing of the designs`;
}

/** Roots with what a user notices, then what follows from each, folded. */
export function rootLines(view: CampaignView, paint: Paint): string[] {
  const views = rootViews(view);
  if (views.length === 0) return [];
  const rootless = rootlessText(view);
  return [
    paint.strong(`${views.length} roots (each groups what follows from one thing; no verdict):`),
    "",
    ...views.flatMap((one) => rootBlock(one, paint)),
    ...(rootless === null ? [] : [rootless, ""]),
  ];
}

function rootBlock(view: RootView, paint: Paint): string[] {
  const { name, notice, findings } = view.root;
  const title = `${name}  [${countText(view)}]`;
  const follows = findings.slice(1);
  return [
    view.fresh > 0 ? paint.bad(title) : paint.strong(title),
    `  ${wrapped(notice, COLUMNS)}`,
    ...(follows.length === 0 ? [] : [paint.faint(`  > ${wrapped(follows.join(" "), COLUMNS)}`)]),
    `  ${view.command}`,
    "",
  ];
}
