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
  /** The functions that the series patches. */
  readonly patched: readonly string[];
  /** Signatures of findings for whose least traces there was no time. */
  readonly rough: readonly string[];
}

/** What is known of a finding besides its trace. */
export interface Evidence {
  /** Whether a guest has shown it, in words. */
  readonly standing: string;
  /** The kernel functions that each op of its trace passes, then the exits at its end; patched ones are marked. */
  readonly passed: readonly string[];
}

type EvidenceOf = (finding: CampaignFinding) => Evidence;

/** The page of a series, in Markdown: `view` holds what the two ends do not share and has its least trace. */
export function judgeText(
  series: JudgedSeries,
  view: CampaignView,
  evidenceOf: EvidenceOf,
): string {
  const { base, head, commits, shared, chance, patched } = series;
  const { runs, ops } = view.campaign;
  const lines = [
    `## ${base} .. ${head}`,
    "",
    `${commits} ${commits === 1 ? "commit" : "commits"}; ${runs} runs, ${ops} ops on the code of both ends. ` +
      `Chance that 1,000 more runs show anything new: ${Number((100 * chance).toPrecision(2))} %.`,
    `${shared} ${shared === 1 ? "finding" : "findings"} shared by both ends: not this series' affair.`,
    ...(patched.length === 0 ? [] : [`Patched: ${listed(patched)}.`]),
    "",
    ...changes(view, evidenceOf),
    ...roughLines(series),
  ];
  return `${lines.join("\n")}\n`;
}

/** So many names stand in a line. */
const MOST_NAMES = 12;

function listed(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return `${names.slice(0, MOST_NAMES).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function roughLines({ rough }: JudgedSeries): string[] {
  if (rough.length === 0) return [];
  return [`Seen too, without a short trace in the time given (--time): ${rough.join(", ")}`, ""];
}

/** A finding that is told with its trace, and those that follow from it. */
interface Told {
  readonly first: FindingView;
  readonly follows: readonly FindingView[];
}

function changes(view: CampaignView, evidenceOf: EvidenceOf): string[] {
  if (view.findings.length === 0) return ["**No finding is the series' own.**", ""];
  const bySignature = new Map(view.findings.map((one) => [one.finding.signature, one]));
  const rooted = rootViews(view).flatMap(({ root }) => {
    const [first, ...follows] = root.findings.flatMap((one) => bySignature.get(one) ?? []);
    return first === undefined ? [] : [{ first, follows }];
  });
  const inRoots = new Set(rooted.flatMap(({ first, follows }) => [first, ...follows]));
  const alone = inOrder(view.findings.filter((one) => !inRoots.has(one)));
  const told = [...rooted, ...alone.map((first) => ({ first, follows: [] }))];
  return folded(told).flatMap((one) => block(one, evidenceOf(one.first.finding)));
}

/** What shows the same in a trace that holds all of another's follows from that one. */
export function folded(told: readonly Told[]): Told[] {
  const isHead = ({ first }: Told) => !told.some((other) => holds(first, other.first));
  const heads = told.filter(isHead);
  const left = told.filter((one) => !isHead(one));
  return heads.map((head) => {
    const mine = left.filter(({ first }) => heads.find((one) => holds(first, one.first)) === head);
    const more = mine.flatMap(({ first, follows }) => [first, ...follows]);
    return { first: head.first, follows: [...head.follows, ...more] };
  });
}

/** Whether a trace holds more than all ops of another that shows the same. */
function holds({ finding }: FindingView, { finding: less }: FindingView): boolean {
  if (finding.symptom !== less.symptom || finding.verdict !== less.verdict) return false;
  if (finding.trace.ops.length <= less.trace.ops.length) return false;
  const ops = less.trace.ops.map((op) => JSON.stringify(op));
  for (const op of finding.trace.ops) if (JSON.stringify(op) === ops[0]) ops.shift();
  return ops.length === 0;
}

/** A root: its simplest finding with its trace and what that passes, and what follows from it. */
function block({ first, follows }: Told, { standing, passed }: Evidence): string[] {
  const { finding, path } = first;
  return [
    `### ${finding.signature}`,
    "",
    `${finding.detail} (step ${finding.step}, ${finding.count} runs; ${standing})`,
    "",
    ...finding.trace.ops.flatMap((op, index) => [
      `    ${index} ${opText(op)}`,
      ...passedLine(passed[index]),
    ]),
    ...(passed[finding.trace.ops.length]
      ? ["    and every process exits", ...passedLine(passed.at(-1))]
      : []),
    ...backtraceOf(first).map((line) => `    ${line}`),
    "",
    ...(follows.length === 0 ? [] : [`Follows: ${follows.map(signatureOf).join(", ")}`, ""]),
    `    ${replayCommand(path)}`,
    "",
  ];
}

const passedLine = (names = "") => (names === "" ? [] : [`        ${names}`]);

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
