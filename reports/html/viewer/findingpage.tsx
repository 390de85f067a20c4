import { useEffect, useMemo, useRef } from "preact/hooks";
import type { ReportData, ReportFinding } from "../../data.ts";
import { linkFault } from "../../../src/trace/link.ts";
import { opText } from "../../optext.ts";
import { grouped, plural } from "../../numbers.ts";
import { limitsText, regionText } from "../../worldtext.ts";
import { headline, sideName, SYMPTOM_TEXT, VERDICT_TEXT } from "../words.ts";
import { StatusBadge, VerdictBadge } from "./badge.tsx";
import { openingStep } from "./difference.ts";
import { GlanceCard } from "./glance.tsx";
import { Primer } from "./primer.tsx";
import { Reference } from "./reference.tsx";
import { Reproduce } from "./reproduce.tsx";
import { FRONT_HASH, findingHash } from "./route.ts";
import { modelSides, tryLink } from "./sandbox/bench.ts";
import { Stepper } from "./stepper.tsx";
import { subjectOf } from "./subject.ts";

export interface FindingPageProps {
  readonly report: ReportData;
  readonly finding: ReportFinding;
  readonly order: readonly ReportFinding[];
  /** The step that the address names, or null for the first at which the sides differ. */
  readonly step: number | null;
}

/** A finding: what it is, why it happens, its minimal trace, and both sides step by step. */
export function FindingPage({ report, finding, order, step }: FindingPageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${headline(finding)}: pfndiff`;
    scrollTo(0, 0);
    heading.current?.focus({ preventScroll: true });
  }, [finding]);
  const last = Math.max(0, finding.trace.ops.length - 1);
  const shown = Math.min(step ?? openingStep(finding), last);
  const subject = useMemo(() => subjectOf(report.campaign, finding), [report, finding]);
  return (
    <article class="finding">
      <Neighbours finding={finding} order={order} />
      <header class="finding-head">
        <p class="badges">
          {finding.status === null ? null : <StatusBadge status={finding.status} />}
          <VerdictBadge verdict={finding.verdict} />
          <span class="muted">{VERDICT_TEXT[finding.verdict].meaning}.</span>
        </p>
        <h1 ref={heading} tabIndex={-1}>
          {headline(finding)}
        </h1>
        <p class="lead">
          <b>{sideName(report.campaign, finding.side)}</b>,{" "}
          <a href={findingHash(finding, finding.step)}>step {finding.step}</a> (
          <code>{opAt(finding)}</code>): {finding.detail}
        </p>
        <p class="muted">
          {SYMPTOM_TEXT[finding.symptom].name}: {SYMPTOM_TEXT[finding.symptom].meaning}.
        </p>
      </header>
      <GlanceCard subject={subject} step={shown} />
      <Primer report={report} />
      <div class="about">
        <section class="card" aria-labelledby="why">
          <h2 id="why">Why it happens</h2>
          <Reason finding={finding} />
        </section>
        <section class="card" aria-labelledby="facts">
          <h2 id="facts">Facts</h2>
          <Facts finding={finding} />
          <TryIt report={report} finding={finding} />
        </section>
      </div>
      <Stepper finding={finding} subject={subject} step={shown} />
      <Reproduce report={report} finding={finding} />
    </article>
  );
}

/** Leads to the sandbox with the finding on its bench; of a kernel it runs the model. */
function TryIt({ report, finding }: Pick<FindingPageProps, "report" | "finding">) {
  if (linkFault(finding.trace) !== null) return null;
  const { before, after } = modelSides(report.campaign, finding);
  return (
    <p class="try">
      <a href={tryLink(report.campaign, finding)}>Try it in the sandbox</a>
      <span class="muted small"> (change it, on {`${before} and ${after}`})</span>
    </p>
  );
}

function opAt(finding: ReportFinding): string {
  const op = finding.trace.ops[finding.step];
  return op === undefined ? "the end" : opText(op);
}

function Neighbours({ finding, order }: Pick<FindingPageProps, "finding" | "order">) {
  const at = order.indexOf(finding);
  const previous = order[at - 1];
  const next = order[at + 1];
  return (
    <nav class="neighbours" aria-label="Findings">
      <a href={FRONT_HASH}>← All findings</a>
      <span class="muted">{`${at + 1} of ${order.length}`}</span>
      {previous === undefined ? null : (
        <a href={findingHash(previous)} rel="prev">
          Previous <kbd>k</kbd>
        </a>
      )}
      {next === undefined ? null : (
        <a href={findingHash(next)} rel="next">
          Next <kbd>j</kbd>
        </a>
      )}
    </nav>
  );
}

function Reason({ finding }: { finding: ReportFinding }) {
  const { reason, ref } = finding;
  if (reason === undefined) {
    return (
      <p class="muted">The baseline does not name this finding, so nobody has said why yet.</p>
    );
  }
  return (
    <>
      <p>{reason}</p>
      {ref === undefined ? null : (
        <p class="small">
          <span class="muted">Upstream: </span>
          <Reference text={ref} />
        </p>
      )}
    </>
  );
}

function Facts({ finding }: { finding: ReportFinding }) {
  const { trace, count, firstRun } = finding;
  const { world } = trace;
  const region = `${plural(world.pfns, "pfn")} of ${regionText(world)}`;
  const seen =
    firstRun === null
      ? "not in this campaign"
      : `in ${plural(count, "run")}, first in run ${grouped(firstRun)}`;
  return (
    <dl class="facts">
      <dt>Signature</dt>
      <dd>
        <code>{finding.signature}</code>
      </dd>
      <dt>Seen</dt>
      <dd>{seen}</dd>
      <dt>World</dt>
      <dd>{`${region}, ${plural(world.vpages, "virtual page")}${limitsText(world)}`}</dd>
      {finding.parted ? (
        <>
          <dt>Parted</dt>
          <dd>
            The sides had different mappings by then, so the other side's silence proves little.
          </dd>
        </>
      ) : null}
    </dl>
  );
}
