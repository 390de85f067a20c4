import type { FindingStatus, ReportFinding } from "../../data.ts";
import { STATUSES } from "../../data.ts";
import {
  bySeverity,
  type Symptom,
  SYMPTOMS,
  type Verdict,
  VERDICTS,
} from "../../../src/oracle/severity.ts";
import { opText } from "../../optext.ts";
import { headline } from "../words.ts";

/** By what a list is in order: severity, how many runs met it, how few ops its trace has. */
export const SORTS = ["severity", "runs", "length"] as const;

export type Sort = (typeof SORTS)[number];

/** What the reader asked to see; null is "any". */
export interface Filter {
  readonly sort: Sort;
  readonly text: string;
  readonly status: FindingStatus | null;
  readonly verdict: Verdict | null;
  readonly symptom: Symptom | null;
}

export const NO_FILTER: Filter = {
  sort: "severity",
  text: "",
  status: null,
  verdict: null,
  symptom: null,
};

/** Findings in reading order: unexpected ones first, then the graver. */
export function inReadingOrder(findings: readonly ReportFinding[]): ReportFinding[] {
  return [...findings].sort(
    (a, b) => statusRank(a.status) - statusRank(b.status) || bySeverity(a, b),
  );
}

function statusRank(status: FindingStatus | null): number {
  return status === null ? STATUSES.length : STATUSES.indexOf(status);
}

/** What a search looks through: what a row shows, the ops of the trace, and why it is accepted. */
function searched(finding: ReportFinding): string {
  const known = TEXTS.get(finding);
  if (known !== undefined) return known;
  const { signature, detail, status, reason, ref, trace } = finding;
  const text = [signature, headline(finding), detail, status, reason, ref, ...trace.ops.map(opText)]
    .join(" ")
    .toLowerCase();
  TEXTS.set(finding, text);
  return text;
}

const TEXTS = new WeakMap<ReportFinding, string>();

/** The findings that pass, in the order asked for: every word of the text must occur somewhere. */
export function matching(findings: readonly ReportFinding[], filter: Filter): ReportFinding[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const passing = findings.filter((finding) => {
    if (filter.status !== null && finding.status !== filter.status) return false;
    if (filter.verdict !== null && finding.verdict !== filter.verdict) return false;
    if (filter.symptom !== null && finding.symptom !== filter.symptom) return false;
    return words.every((word) => searched(finding).includes(word));
  });
  if (filter.sort === "runs") return passing.sort((a, b) => b.count - a.count);
  return filter.sort === "length"
    ? passing.sort((a, b) => a.trace.ops.length - b.trace.ops.length)
    : passing;
}

/** The fragment of the front page with a filter: a link to what somebody looks at. */
export function filterHash(filter: Filter): string {
  const asked = new URLSearchParams();
  for (const name of ["text", "status", "verdict", "symptom", "sort"] as const) {
    const value = filter[name];
    if (value !== null && value !== NO_FILTER[name]) asked.set(name, value);
  }
  const query = asked.toString();
  return query === "" ? "#/" : `#/?${query}`;
}

/** The filter that a fragment names, or null where it names none; what nobody knows is left out. */
export function filterOf(hash: string): Filter | null {
  if (!hash.startsWith("#/?")) return null;
  const asked = new URLSearchParams(hash.slice("#/?".length));
  const one = <T extends string>(name: string, known: readonly T[]): T | null =>
    known.find((value) => value === asked.get(name)) ?? null;
  return {
    text: (asked.get("text") ?? "").slice(0, LONGEST_SEARCH),
    status: one("status", STATUSES),
    verdict: one("verdict", VERDICTS),
    symptom: one("symptom", SYMPTOMS),
    sort: one("sort", SORTS) ?? NO_FILTER.sort,
  };
}

const LONGEST_SEARCH = 200;
