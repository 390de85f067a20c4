import type { FindingStatus, ReportData } from "../../data.ts";
import { STATUSES } from "../../data.ts";
import { plural } from "../../numbers.ts";
import { frontText } from "../../front.ts";
import { isMet, GOAL_TEXT, STATUS_TEXT, statusCounts, verdictLine } from "../words.ts";
import { findingHash } from "./route.ts";
import { type Filter, inReadingOrder } from "./order.ts";

/** The banner names so many problems; the list below has them all. */
const MOST_PROBLEMS = 8;

export interface VerdictBannerProps {
  readonly report: ReportData;
  readonly filter: Filter;
  readonly onFilter: (filter: Filter) => void;
}

/** The verdict first: does what was found agree with what is accepted, and what does not. */
export function VerdictBanner({ report, filter, onFilter }: VerdictBannerProps) {
  const { gate } = report;
  const counts = statusCounts(report);
  const look = gate === null ? "open" : isGood(report) ? "pass" : "fail";
  const mark = { open: "–", pass: "✓", fail: "!" }[look];
  const met = report.findings.filter(isMet);
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
          <p class="lead-sentence">{frontText(report.campaign, met).join(" ")}</p>
          <p class="muted">{explanation(report)}</p>
        </div>
      </div>
      {report.campaign.goalsMissed.length === 0 ? null : <Missed report={report} />}
      {gate === null ? null : (
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
      )}
      <Problems report={report} />
    </section>
  );
}

function isGood({ gate, campaign }: ReportData): boolean {
  return gate?.passed === true && campaign.goalsMissed.length === 0;
}

/** What the campaign met is told apart from what the report shows out of the baseline alone. */
function explanation({ gate, findings, campaign }: ReportData): string {
  const runs = plural(campaign.runs, "run");
  if (gate === null) return `In ${runs}; nothing says which are accepted.`;
  const met = findings.filter(({ firstRun, parted }) => firstRun !== null && !parted).length;
  const found = `${plural(met, "finding")} in ${runs}`;
  if (gate.passed && met === 0) return `${found}.`;
  if (gate.passed) return `${found}, every one accepted by the baseline with a reason.`;
  return `${found}; ${plural(gate.problems.length, "divergence")} from the baseline.`;
}

/** A campaign that missed a goal has not tested what it claims to test. */
function Missed({ report }: { report: ReportData }) {
  const goals = report.campaign.goalsMissed.map((goal) => GOAL_TEXT[goal] ?? goal);
  return (
    <p class="missed">
      <span aria-hidden="true">✗</span> {plural(goals.length, "goal")} missed: {goals.join(", ")}.
    </p>
  );
}

/** What the gate objects to; a problem leads to its finding where the report has one. */
function Problems({ report }: { report: ReportData }) {
  const problems = report.gate?.problems ?? [];
  if (problems.length === 0) return null;
  const more = problems.length - MOST_PROBLEMS;
  const order = inReadingOrder(report.findings).map((finding) => finding.signature);
  const sorted = [...problems].sort(
    (a, b) => order.indexOf(a.signature) - order.indexOf(b.signature),
  );
  return (
    <ul class="problems">
      {sorted.slice(0, MOST_PROBLEMS).map((problem) => (
        <li key={`${problem.fault}:${problem.signature}`}>
          <span class={`badge status-${problem.fault}`}>
            <span aria-hidden="true">{STATUS_TEXT[problem.fault].mark}</span>{" "}
            {STATUS_TEXT[problem.fault].name}
          </span>
          <span>
            {order.includes(problem.signature) ? (
              <a href={findingHash(problem)}>{problem.signature}</a>
            ) : (
              <code>{problem.signature}</code>
            )}
            <span class="muted"> {problem.detail}</span>
          </span>
        </li>
      ))}
      {more > 0 ? <li class="muted">and {plural(more, "more divergence")}, listed below</li> : null}
    </ul>
  );
}
