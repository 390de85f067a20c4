import { useEffect } from "preact/hooks";
import type { ReportData, ReportFinding } from "../../data.ts";
import { OverRetention, SignatureChart } from "./charts.tsx";
import { Coverage } from "./coverage.tsx";
import { FilterBar } from "./filterbar.tsx";
import { FindingList } from "./findinglist.tsx";
import type { Filter } from "./order.ts";
import { Primer } from "./primer.tsx";
import { RootList } from "./rootlist.tsx";
import { VerdictBanner } from "./verdictbanner.tsx";
import { isMet } from "../words.ts";
import { plural } from "../../numbers.ts";

export interface FrontProps {
  readonly report: ReportData;
  readonly all: readonly ReportFinding[];
  readonly shown: readonly ReportFinding[];
  readonly filter: Filter;
  readonly onFilter: (filter: Filter) => void;
  /** A signature that was asked for and that the report does not have. */
  readonly missing: string | null;
}

/** The front page: the verdict, the findings, and what the campaign covered. */
export function Front({ report, all, shown, filter, onFilter, missing }: FrontProps) {
  useEffect(() => {
    document.title = `pfndiff: ${report.campaign.before} to ${report.campaign.after}`;
  }, [report]);
  const { roots = [] } = report.campaign;
  const met = all.filter(isMet);
  return (
    <>
      {missing === null ? null : (
        <p class="note" role="status">
          This report has no finding <code>{missing}</code>; here are those it has.
        </p>
      )}
      <VerdictBanner report={report} filter={filter} onFilter={onFilter} />
      <Primer report={report} />
      {roots.length === 0 ? null : <RootList report={report} all={all} />}
      <div class="columns">
        <section class="findings" aria-labelledby="findings-title">
          <h2 id="findings-title">Findings</h2>
          {met.length === 0 ? null : (
            <FilterBar all={met} shown={shown.filter(isMet)} filter={filter} onFilter={onFilter} />
          )}
          <FindingList findings={shown.filter(isMet)} all={met} />
          <Unmet findings={all.filter((finding) => !isMet(finding))} />
        </section>
        <aside aria-label="The campaign">
          <Coverage campaign={report.campaign} />
          <SignatureChart report={report} />
          <OverRetention report={report} />
        </aside>
      </div>
    </>
  );
}

/** What the baseline accepts of this pair and this campaign did not meet: none of it was found here. */
function Unmet({ findings }: { findings: readonly ReportFinding[] }) {
  if (findings.length === 0) return null;
  return (
    <details class="unmet">
      <summary>
        {plural(findings.length, "accepted finding")} of this pair that this campaign did not meet
      </summary>
      <FindingList findings={findings} all={findings} />
    </details>
  );
}
