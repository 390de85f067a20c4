import type { Finding, JudgedFinding } from "./finding.ts";

/** One line about a finding for a person: where, what, why, and this occurrence's numbers. */
export function explain(finding: Finding | JudgedFinding): string {
  const verdict = "verdict" in finding ? `${finding.verdict} ` : "";
  const parted = finding.parted ? " (the sides had parted)" : "";
  return `${finding.side}, step ${finding.step}: ${verdict}${finding.symptom} by ${finding.cause}${parted}: ${finding.detail}`;
}
