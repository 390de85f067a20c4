import type { ReportFinding } from "../../data.ts";
import { grouped } from "../../numbers.ts";
import { headline } from "../words.ts";
import { StatusBadge, VerdictBadge } from "./badge.tsx";
import { findingHash } from "./route.ts";

/** From so many rows on, those outside the window are laid out only when they come into it. */
const LONG_LIST = 100;

export interface FindingListProps {
  /** Those that the filter lets pass. */
  readonly findings: readonly ReportFinding[];
  readonly all: readonly ReportFinding[];
}

/** Every finding as a link. */
export function FindingList({ findings, all }: FindingListProps) {
  if (all.length === 0) return <p class="empty">The campaign found nothing.</p>;
  if (findings.length === 0) return <p class="empty">No finding matches.</p>;
  return (
    <ol class={`list ${findings.length > LONG_LIST ? "long" : ""}`}>
      {findings.map((finding) => (
        <Row key={finding.signature} finding={finding} />
      ))}
    </ol>
  );
}

function Row({ finding }: { finding: ReportFinding }) {
  return (
    <li>
      <a class="row" data-row={finding.signature} href={findingHash(finding)}>
        <span class="row-badges">
          {finding.status === "known" || finding.status === null ? null : (
            <StatusBadge status={finding.status} />
          )}
          <VerdictBadge verdict={finding.verdict} />
        </span>
        <span class="row-text">
          <b>{headline(finding)}</b>
          <span class="muted">{finding.detail}</span>
        </span>
        <RunCount finding={finding} />
      </a>
    </li>
  );
}

/** In how many runs the campaign met a finding. */
function RunCount({ finding: { count, firstRun } }: { finding: ReportFinding }) {
  if (firstRun === null) return <span class="row-count muted small">not met</span>;
  return (
    <span class="row-count" title={`first seen in run ${firstRun}`}>
      <b>{grouped(count)}</b>
      <span class="muted">{count === 1 ? "run" : "runs"}</span>
    </span>
  );
}
