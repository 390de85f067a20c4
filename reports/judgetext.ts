import type { CampaignFinding } from "../src/oracle/finding.ts";
import { opText } from "./optext.ts";
import { rootViews } from "./rootstext.ts";
import type { CampaignView, FindingView } from "./view.ts";
import { inOrder, replayCommand } from "./view.ts";

/** What was judged: two commits, as they are cited, and how many there are from one to the other. */
export interface JudgedSeries {
  readonly base: string;
  readonly head: string;
  readonly commits: number;
  /** How many findings the two ends share. */
  readonly shared: number;
  /** The chance that the next 1,000 runs show a signature that none has shown. */
  readonly chance: number;
}

/** The page of a series, in Markdown: `view` holds what the two ends do not share. */
export function judgeText(series: JudgedSeries, view: CampaignView): string {
  const { base, head, commits, shared, chance } = series;
  const { runs, ops } = view.campaign;
  const lines = [
    `## ${base} .. ${head}`,
    "",
    `${commits} ${commits === 1 ? "commit" : "commits"}; ${runs} runs, ${ops} ops on the code of both ends. ` +
      `Chance that 1,000 more runs show anything new: ${Number((100 * chance).toPrecision(2))} %.`,
    `${shared} ${shared === 1 ? "finding" : "findings"} shared by both ends: not this series' affair.`,
    "",
    ...changes(view),
  ];
  return `${lines.join("\n")}\n`;
}

function changes(view: CampaignView): string[] {
  if (view.findings.length === 0) return ["**No finding is the series' own.**"];
  const bySignature = new Map(view.findings.map((one) => [one.finding.signature, one]));
  const rooted = rootViews(view).flatMap(({ root }) => {
    const [first, ...follows] = root.findings.flatMap((one) => bySignature.get(one) ?? []);
    return first === undefined ? [] : [{ first, follows }];
  });
  const inRoots = new Set(rooted.flatMap(({ first, follows }) => [first, ...follows]));
  const alone = inOrder(view.findings.filter((one) => !inRoots.has(one)));
  return [...rooted, ...alone.map((first) => ({ first, follows: [] }))].flatMap(block);
}

/** A root: its simplest finding with its trace, and what follows from it. */
function block({
  first,
  follows,
}: {
  first: FindingView;
  follows: readonly FindingView[];
}): string[] {
  const { finding, path } = first;
  return [
    `### ${finding.signature}`,
    "",
    `${finding.detail} (step ${finding.step}, ${finding.count} runs; unconfirmed until a guest shows it)`,
    "",
    ...finding.trace.ops.map((op, index) => `    ${index} ${opText(op)}`),
    ...backtraceOf(first).map((line) => `    ${line}`),
    "",
    ...(follows.length === 0 ? [] : [`Follows: ${follows.map(signatureOf).join(", ")}`, ""]),
    `    ${replayCommand(path)}`,
    "",
  ];
}

const signatureOf = ({ finding }: { finding: CampaignFinding }) => finding.signature;

/** Where the kernel's code was when it met its end, or nothing. */
function backtraceOf({ replay }: FindingView): string[] {
  const events = replay.steps.flatMap(({ before, after }) => [...before.events, ...after.events]);
  const [last] = events.flatMap((event) => {
    if (!("backtrace" in event) || event.backtrace === undefined) return [];
    return [[`${event.kind}: ${event.text}`, ...event.backtrace.map((frame) => `  ${frame}`)]];
  });
  return last ?? [];
}
