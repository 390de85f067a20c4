import { sha256 } from "../../src/sha256.ts";
import type { ScheduleDocument } from "../../src/races/document.ts";
import { type Linked, linkTo } from "../../src/trace/link.ts";
import type { PageData, ReportData, SandboxData } from "../data.ts";
import { escapeHtml } from "./escape.ts";
import { sandboxHtml, summaryHtml } from "./summary.ts";
import { packReport } from "./viewer/sandbox/packed.ts";

/** Marks in the template, which the viewer's build leaves alone. */
const MARKS = {
  title: "pfndiff report",
  policy: "<!--policy-->",
  data: "<!--data-->",
  summary: "<!--summary-->",
} as const;

/**
 * The report as one HTML file that needs no network: `template` is the built viewer,
 * `dist/viewer.html`, and the data go into a script element that no browser executes. A content
 * security policy allows the viewer's own script and style and nothing else. Throws on a template
 * that the viewer's build did not write.
 */
export function renderHtml(report: ReportData, template: string): string {
  const { before, after } = report.campaign;
  const summary = summaryHtml(report);
  return filled(template, `pfndiff: ${before} to ${after}`, packReport(report), summary);
}

/** The sandbox alone, as such a file, with a trace on its bench, and beneath it a schedule that was saved. */
export function renderSandbox(
  linked: Linked,
  template: string,
  recorded?: ScheduleDocument,
): string {
  const data: SandboxData = {
    sandbox: linkTo(linked),
    ...(recorded === undefined ? {} : { recorded }),
  };
  return filled(template, "pfndiff: sandbox", data, sandboxHtml(linked));
}

function filled(template: string, title: string, data: PageData, summary: string): string {
  const fills: readonly (readonly [string, string])[] = [
    [`<title>${MARKS.title}</title>`, `<title>${escapeHtml(title)}</title>`],
    [MARKS.policy, `<meta http-equiv="Content-Security-Policy" content="${policyOf(template)}">`],
    [MARKS.data, `<script type="application/json" id="report">${embedJson(data)}</script>`],
    [MARKS.summary, summary],
  ];
  return fills.reduce((html, [mark, text]) => fill(html, mark, text), template);
}

/** JSON that can neither end its script element nor be taken for markup; parses to the same. */
export function embedJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function fill(html: string, mark: string, text: string): string {
  const at = html.indexOf(mark);
  if (at < 0) throw new Error(`the viewer's template has no ${mark}`);
  return html.slice(0, at) + text + html.slice(at + mark.length);
}

/** The strictest policy that the viewer runs under: its one script and one style, by hash. */
function policyOf(template: string): string {
  const script = hashOf(template, /<script type="module"[^>]*>([^]*?)<\/script>/);
  const style = hashOf(template, /<style[^>]*>([^]*?)<\/style>/);
  return [
    "default-src 'none'",
    `script-src '${script}'`,
    `style-src '${style}'`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

function hashOf(template: string, element: RegExp): string {
  const content = element.exec(template)?.[1];
  if (content === undefined) throw new Error(`the viewer's template has no ${element.source}`);
  const bytes = sha256(content).replace(/../g, (hex) => String.fromCharCode(parseInt(hex, 16)));
  return `sha256-${btoa(bytes)}`;
}
