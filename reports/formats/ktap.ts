import {
  explanation,
  fails,
  type JudgedReport,
  type JudgedSignature,
  verdictLine,
} from "./report.ts";

/** A line longer than the console's record (LOG_LINE_MAX of printk is near) would be broken up. */
export const KTAP_MAX_LINE = 900;

/**
 * KTAP version 1: a test per signature with a subtest for each thing a gate asks of it, and one
 * test that the campaign reached its goals. Lines past KTAP_MAX_LINE are cut and end in "...".
 */
export function ktap(report: JudgedReport): string {
  const { campaign, signatures } = report;
  const missed = campaign.goalsMissed;
  const lines = [
    "KTAP version 1",
    `1..${signatures.length + 1}`,
    comment(verdictLine(report)),
    ...missed.map((goal) => comment(`missed goal: ${goal}`)),
    resultLine(missed.length === 0, 1, "campaign reaches its goals"),
    ...signatures.flatMap((one, index) => test(one, index + 2)),
  ];
  return `${lines.map(cutLine).join("\n")}\n`;
}

/** What the gate asks of a signature, and the standing that fails it. */
const SUBTESTS = [
  ["is accepted by the baseline", "new"],
  ["still shows", "vanished"],
  ["keeps its verdict", "changed"],
] as const;

function test(one: JudgedSignature, number: number): string[] {
  const subtests = SUBTESTS.map(([name, standing], index) =>
    resultLine(one.standing !== standing, index + 1, name),
  );
  return [
    "  KTAP version 1",
    `  1..${SUBTESTS.length}`,
    ...explanation(one).map((text) => `  ${comment(text)}`),
    ...subtests.map((line) => `  ${line}`),
    resultLine(!fails(one), number, one.signature),
  ];
}

function resultLine(ok: boolean, number: number, description: string): string {
  return `${ok ? "ok" : "not ok"} ${number} ${plain(description).replaceAll("#", "")}`;
}

function comment(text: string): string {
  return `# ${plain(text)}`;
}

function plain(text: string): string {
  return text.replaceAll(/[\s\p{Cc}]+/gu, " ").trim();
}

function cutLine(line: string): string {
  return line.length <= KTAP_MAX_LINE ? line : `${line.slice(0, KTAP_MAX_LINE - 3)}...`;
}
