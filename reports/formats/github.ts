import {
  explanation,
  fails,
  type JudgedReport,
  type JudgedSignature,
  verdictLine,
} from "./report.ts";

/** GitHub shows ten errors of a step; one is left for a tool that runs in the same step. */
export const MAX_ANNOTATIONS = 9;

/** GitHub refuses a step summary beyond 1 MiB as a whole. */
export const MAX_SUMMARY_BYTES = 1024 * 1024;

/**
 * Workflow commands: an error for each signature that fails the gate, and for missed goals; one
 * notice when nothing fails. Never more than MAX_ANNOTATIONS: the last then says how many more.
 */
export function githubAnnotations(report: JudgedReport, file: string): string {
  const { campaign, signatures } = report;
  const missed = campaign.goalsMissed;
  const errors = [
    ...(missed.length === 0
      ? []
      : [command("error", { title: "pfndiff: goals missed", file }, missed.join(", "))]),
    ...signatures.filter(fails).map((one) => annotation(one, file)),
  ];
  if (errors.length === 0) {
    return `${command("notice", { title: "pfndiff" }, verdictLine(report))}\n`;
  }
  const shown = errors.length <= MAX_ANNOTATIONS ? errors : errors.slice(0, MAX_ANNOTATIONS - 1);
  const cut = errors.length - shown.length;
  const more = `${cut} more; the step summary lists them`;
  const last = cut === 0 ? [] : [command("error", { title: "pfndiff", file }, more)];
  return `${[...shown, ...last].join("\n")}\n`;
}

function annotation(one: JudgedSignature, file: string): string {
  const title = `pfndiff: ${one.standing} ${one.signature}`;
  return command("error", { title, file }, explanation(one).join("\n"));
}

function command(name: string, properties: Readonly<Record<string, string>>, text: string): string {
  const set = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(value)}`);
  return `::${name} ${set.join(",")}::${escapeData(text)}`;
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/**
 * Markdown for the step summary, at most MAX_SUMMARY_BYTES of UTF-8: the verdict, then a table
 * of signatures, those that fail first. Rows that do not fit are left out, and the last line
 * says how many.
 */
export function githubSummary(report: JudgedReport): string {
  const { campaign, signatures } = report;
  const head = [
    `## pfndiff: ${report.passed ? "passed" : "failed"}`,
    "",
    cell(verdictLine(report)),
    "",
    ...campaign.goalsMissed.map((goal) => `- missed goal: ${cell(goal)}`),
    // Without it the next line would belong to the last goal.
    ...(campaign.goalsMissed.length === 0 ? [] : [""]),
    `seed ${campaign.seed}, digest \`${campaign.digest.slice(0, 16)}\``,
    "",
    "| | signature | what | why it is accepted |",
    "|---|---|---|---|",
    "",
  ].join("\n");
  const rows = signatures.map((one) => `${row(one)}\n`);
  const kept = fitting(head, rows);
  const cut = rows.length - kept.length;
  return [head, ...kept, cut === 0 ? "" : `\n${cutText(cut)}\n`].join("");
}

function cutText(cut: number): string {
  return `${cut} more findings do not fit into a step summary.`;
}

/** The rows that fit, with room for the line that says what was cut. */
function fitting(head: string, rows: readonly string[]): readonly string[] {
  let room = MAX_SUMMARY_BYTES - bytes(head) - bytes(cutText(rows.length)) - 2;
  const overfull = rows.findIndex((text) => {
    room -= bytes(text);
    return room < 0;
  });
  return overfull < 0 ? rows : rows.slice(0, overfull);
}

/** How long a text is as UTF-8. */
export function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

function row(one: JudgedSignature): string {
  const why = [one.reason, one.ref].filter((text) => text !== null).join(" ");
  const standing = fails(one) ? `**${one.standing}**` : one.standing;
  return `| ${standing} | ${cell(one.signature)} | ${cell(one.detail)} | ${cell(why)} |`;
}

/** Text that stays text in a Markdown table cell. */
function cell(text: string): string {
  return text
    .replaceAll(/[\s\p{Cc}]+/gu, " ")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(/[\\`*_{}[\]()#|~!@]/g, "\\$&");
}
