import { bytes } from "./github.ts";
import {
  explanation,
  fails,
  type JudgedReport,
  type JudgedSignature,
  verdictLine,
} from "./report.ts";

/** GitLab takes no JUnit file above 30 MB; a mebibyte of that is left for the frame. */
export const JUNIT_MAX_CASE_BYTES = 29_000_000;

/**
 * JUnit XML: a test case per signature, failed where the gate fails on it, and one case that
 * fails when the campaign missed a goal. Cases past JUNIT_MAX_CASE_BYTES are left out, and
 * system-out says how many.
 */
export function junit(report: JudgedReport): string {
  const { campaign, signatures } = report;
  const cases = fitting(signatures);
  const shown = signatures.slice(0, cases.length);
  const cut = signatures.length - shown.length;
  const missed = campaign.goalsMissed;
  const failures = shown.filter(fails).length + (missed.length > 0 ? 1 : 0);
  const counts = `tests="${shown.length + 1}" failures="${failures}" errors="0"`;
  const said = [verdictLine(report), ...(cut === 0 ? [] : [`${cut} more findings are left out.`])];
  return [
    `<?xml version="1.0" encoding="UTF-8"?>`,
    `<testsuites name="pfndiff" ${counts}>`,
    `  <testsuite name="pfndiff" ${counts} skipped="0">`,
    ...properties(report),
    ...goalsCase(missed),
    ...cases,
    `    <system-out>${escape(said.join("\n"))}</system-out>`,
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

/** The cases, in order, as far as they fit. */
function fitting(signatures: readonly JudgedSignature[]): string[] {
  const cases: string[] = [];
  let room = JUNIT_MAX_CASE_BYTES;
  for (const one of signatures) {
    const text = signatureCase(one).join("\n");
    room -= bytes(text) + 1;
    if (room < 0) break;
    cases.push(text);
  }
  return cases;
}

function properties({ campaign }: JudgedReport): string[] {
  const { before, after, seed, runs, ops, digest } = campaign;
  const rows = Object.entries({ before, after, seed, runs, ops, digest }).map(
    ([name, value]) => `      <property name="${name}" value="${escape(String(value))}"/>`,
  );
  return ["    <properties>", ...rows, "    </properties>"];
}

function goalsCase(missed: readonly string[]): string[] {
  const open = `    <testcase classname="pfndiff.campaign" name="reaches its goals"`;
  if (missed.length === 0) return [`${open}/>`];
  const message = escape(`goals missed: ${missed.join(", ")}`);
  return [`${open}>`, `      <failure type="goals" message="${message}"/>`, "    </testcase>"];
}

function signatureCase(one: JudgedSignature): string[] {
  const name = `classname="pfndiff.${escape(one.symptom)}" name="${escape(one.signature)}"`;
  const text = escape(explanation(one).join("\n"));
  const inner = fails(one)
    ? `<failure type="${one.standing}" message="${escape(one.detail)}">${text}</failure>`
    : `<system-out>${text}</system-out>`;
  return [`    <testcase ${name}>`, `      ${inner}`, "    </testcase>"];
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
  "\n": "&#10;",
  "\t": "&#9;",
};

/** Text for XML 1.0: markup escaped, and characters that XML has no way to say replaced. */
function escape(text: string): string {
  return text
    .replaceAll(/[^\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replaceAll(/[&<>"'\n\t]/g, (char) => ENTITIES[char] ?? char);
}
