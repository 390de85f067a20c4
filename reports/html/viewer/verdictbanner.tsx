import type { FindingStatus, ReportData } from "../../data.ts";
import { STATUSES } from "../../data.ts";
import { plural, STATUS_TEXT, statusCounts, verdictLine } from "../words.ts";
import { findingHash } from "./route.ts";
import type { Filter } from "./order.ts";

export interface VerdictBannerProps {
  readonly report: ReportData;
  readonly filter: Filter;
  readonly onFilter: (filter: Filter) => void;
}

/** The verdict first: does what was found agree with what is accepted, and what does not. */
export function VerdictBanner({ report, filter, onFilter }: VerdictBannerProps) {
  const { gate } = report;
  const counts = statusCounts(report);
  const look = gate === null ? "open" : gate.passed ? "pass" : "fail";
  const mark = { open: "–", pass: "✓", fail: "!" }[look];
  const choose = (status: FindingStatus) =>
    onFilter({ ...filter, status: filter.status === status ? null : status });
  return (
    <section class={`verdict ${look}`} aria-labelledby="verdict-title">
      <div class="verdict-line">
        <span class="verdict-mark" aria-hidden="true">
          {mark}
        </span>
        <div>
          <h1 id="verdict-title">{verdictLine(report)}</h1>
          <p class="muted">{explanation(report)}</p>
        </div>
      </div>
      <ul class="counts" aria-label="Findings by status">
        {STATUSES.map((status) => (
          <li key={status}>
            <button
              type="button"
              class={`count status-${status}`}
              aria-pressed={filter.status === status}
              onClick={() => choose(status)}
            >
              <b>{counts[status]}</b>
              <span>
                <span aria-hidden="true">{STATUS_TEXT[status].mark}</span>{" "}
                {STATUS_TEXT[status].name}
              </span>
            </button>
          </li>
        ))}
      </ul>
      <Problems report={report} />
    </section>
  );
}

function explanation({ gate, findings, campaign }: ReportData): string {
  const found = `${plural(findings.length, "finding")} in ${plural(campaign.runs, "run")}`;
  if (gate === null) return `${found}. No baseline was given, so nothing is known or new.`;
  if (gate.passed) return `${found}, every one accepted by the baseline with a reason.`;
  return `${found}; ${plural(gate.problems.length, "divergence")} from the baseline.`;
}

/** What the gate objects to; a problem leads to its finding where the report has one. */
function Problems({ report }: { report: ReportData }) {
  const problems = report.gate?.problems ?? [];
  if (problems.length === 0) return null;
  const known = new Set(report.findings.map((finding) => finding.signature));
  return (
    <ul class="problems">
      {problems.map((problem) => (
        <li key={`${problem.fault}:${problem.signature}`}>
          <span class={`badge status-${problem.fault}`}>
            <span aria-hidden="true">{STATUS_TEXT[problem.fault].mark}</span> {problem.fault}
          </span>
          <span>
            {known.has(problem.signature) ? (
              <a href={findingHash(problem)}>{problem.signature}</a>
            ) : (
              <code>{problem.signature}</code>
            )}
            <span class="muted"> {problem.detail}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}
