import type { ReportData, ReportFinding } from "../data.ts";
import { ARENA_FIGURES, figure, priceOf } from "./arenawords.ts";
import { frontText } from "../front.ts";
import type { Linked } from "../../src/trace/link.ts";
import { opText } from "../optext.ts";
import { coverageHead } from "../coveragetext.ts";
import { escapeHtml } from "./escape.ts";
import { inReadingOrder } from "./viewer/order.ts";
import { grouped, plural } from "../numbers.ts";
import { headline, isMet, JUDGEMENT_TEXT, STATUS_TEXT, verdictLine } from "./words.ts";

/** What a reader without JavaScript gets: the verdict, what was covered, a table of findings. */
export function summaryHtml(report: ReportData): string {
  const { campaign } = report;
  const met = report.findings.filter(isMet);
  const rows = inReadingOrder(met).map(row).join("");
  const covered = [
    `${escapeHtml(campaign.before)} against ${escapeHtml(campaign.after)}`,
    plural(campaign.runs, "run"),
    plural(campaign.ops, "op"),
    `seed ${campaign.seed}`,
    `digest ${escapeHtml(campaign.digest)}`,
  ].join(", ");
  const missed = campaign.goalsMissed.map(escapeHtml).join(", ");
  return [
    '<main class="plain">',
    `<h1>${escapeHtml(verdictLine(report))}</h1>`,
    `<p>${escapeHtml(frontText(campaign, met).join(" "))}</p>`,
    `<p>${covered}.</p>`,
    missed === "" ? "" : `<p>Goals missed: ${missed}.</p>`,
    rootsHtml(report),
    "<table><thead><tr><th>Status</th><th>Verdict</th><th>Finding</th><th>Runs</th></tr></thead>",
    `<tbody>${rows}</tbody></table>`,
    claimsHtml(report),
    arenaHtml(report),
    coverageHtml(report),
    racesHtml(report),
    "<p>With JavaScript this page also shows every finding step by step.</p>",
    "</main>",
  ].join("");
}

/** What a reader without JavaScript gets of the sandbox: the trace, and where it can be run. */
export function sandboxHtml({ before, after, trace }: Linked): string {
  const ops = trace.ops.map((op) => `<li>${escapeHtml(opText(op))}</li>`).join("");
  return [
    '<main class="plain">',
    "<h1>pfndiff: sandbox</h1>",
    `<p>${escapeHtml(before)} against ${escapeHtml(after)}, on these operations:</p>`,
    `<ol start="0">${ops}</ol>`,
    "<p>The models run in this page, which takes JavaScript; pfndiff replay runs them elsewhere.</p>",
    "</main>",
  ].join("");
}

function rootsHtml({ campaign: { roots = [] } }: ReportData): string {
  if (roots.length === 0) return "";
  const items = roots.map(({ name, notice, findings }) => {
    const count = plural(findings.length, "finding");
    return `<li><b>${escapeHtml(name)}</b> (${count}) ${escapeHtml(notice)}</li>`;
  });
  return `<h2>Roots, gravest first</h2><ol>${items.join("")}</ol>`;
}

function coverageHtml({ coverage }: ReportData): string {
  const items = (coverage?.trees ?? []).map((tree) => `<li>${escapeHtml(coverageHead(tree))}</li>`);
  return items.length === 0 ? "" : `<h2>Coverage of the tracking</h2><ul>${items.join("")}</ul>`;
}

function racesHtml({ races = [] }: ReportData): string {
  const items = races.map(({ outcome, on }) => {
    const told = outcome.findings.map(({ symptom, detail }) => `${symptom}: ${detail}`).join("; ");
    return `<li>${escapeHtml(`${outcome.signature} on ${on.release}. ${told}`)}</li>`;
  });
  return items.length === 0 ? "" : `<h2>Two tasks at once</h2><ul>${items.join("")}</ul>`;
}

function claimsHtml({ claims = [] }: ReportData): string {
  if (claims.length === 0) return "";
  const items = claims.map(({ claim, judgement, evidence }) => {
    const told = evidence.map(escapeHtml).join(" ");
    return `<li>${escapeHtml(claim)} <b>${JUDGEMENT_TEXT[judgement].name}.</b> ${told}</li>`;
  });
  return `<h2>The series' claims, checked</h2><ol>${items.join("")}</ol>`;
}

function arenaHtml({ arena }: ReportData): string {
  if (arena === undefined) return "";
  const cells = (tag: string, texts: readonly string[]) =>
    texts.map((text) => `<${tag}>${escapeHtml(text)}</${tag}>`).join("");
  const head = cells("th", ["Design", ...ARENA_FIGURES.map(({ name }) => name), "Costs"]);
  const rows = arena.designs.map((result) => {
    const figures = ARENA_FIGURES.map((one) => figure(one.of(result)));
    return `<tr>${cells("td", [result.design, ...figures, priceOf(result).join(", ")])}</tr>`;
  });
  return [
    "<h2>The arena: every design on the same traces, in 10,000 ops</h2>",
    `<table><thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table>`,
  ].join("");
}

function row(finding: ReportFinding): string {
  const { status, verdict, signature, detail, count } = finding;
  const about = [headline(finding), detail, signature].map(escapeHtml);
  const cells = [
    status === null ? "" : STATUS_TEXT[status].name,
    verdict,
    `<b>${about[0]}</b><br>${about[1]}<br><code>${about[2]}</code>`,
    grouped(count),
  ];
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
}
