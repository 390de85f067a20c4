import type { FindingStatus, ReportFinding } from "../../data.ts";
import { STATUSES } from "../../data.ts";
import { bySeverity, type Symptom, type Verdict } from "../../../src/oracle/severity.ts";
import { headline } from "../words.ts";

/** What the reader asked to see; null is "any". */
export interface Filter {
  readonly text: string;
  readonly status: FindingStatus | null;
  readonly verdict: Verdict | null;
  readonly symptom: Symptom | null;
}

export const NO_FILTER: Filter = { text: "", status: null, verdict: null, symptom: null };

/** Findings in reading order: unexpected ones first, then the graver. */
export function inReadingOrder(findings: readonly ReportFinding[]): ReportFinding[] {
  return [...findings].sort(
    (a, b) => statusRank(a.status) - statusRank(b.status) || bySeverity(a, b),
  );
}

function statusRank(status: FindingStatus | null): number {
  return status === null ? STATUSES.length : STATUSES.indexOf(status);
}

/** The findings that pass: every word of the text must occur somewhere in what a row shows. */
export function matching(findings: readonly ReportFinding[], filter: Filter): ReportFinding[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return findings.filter((finding) => {
    if (filter.status !== null && finding.status !== filter.status) return false;
    if (filter.verdict !== null && finding.verdict !== filter.verdict) return false;
    if (filter.symptom !== null && finding.symptom !== filter.symptom) return false;
    if (words.length === 0) return true;
    const text = [finding.signature, headline(finding), finding.detail, finding.status]
      .join(" ")
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
