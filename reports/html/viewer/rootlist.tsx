import type { Root } from "../../../fuzz/roots/root.ts";
import type { ComponentChildren } from "preact";
import type { ReportData, ReportFinding } from "../../data.ts";
import { grouped, plural } from "../../numbers.ts";
import { byStanding, type Weighed, worstOf } from "../../worst.ts";
import { opText } from "../../optext.ts";
import { Reference } from "./reference.tsx";
import { findingHash } from "./route.ts";
import { modelSides, tryLink } from "./sandbox/bench.ts";
import { SIDES } from "../../../src/oracle/severity.ts";

/** What the findings follow from: each root leads to its simplest witness, and folds what follows. */
export function RootList({ report, all }: { report: ReportData; all: readonly ReportFinding[] }) {
  const known = new Map(all.map((finding) => [finding.signature, finding]));
  const { worst, others } = worstOf(byStanding(weighed(report, known)));
  return (
    <section class="roots" aria-labelledby="roots-title">
      <h2 id="roots-title">What is worst</h2>
      <p class="muted small">
        Roots: findings grouped by what they follow from, the gravest first and the gravest that was
        introduced among them, each with what a user notices and the shortest sequence that shows it
        {report.gate === null ? "" : ", and why that is accepted"}. A grouping, no verdict.
      </p>
      <ol class="list">
        {worst.map((one) => (
          <RootRow key={one.root.name} weighed={one} known={known}>
            <Simplest report={report} weighed={one} finding={simplestOf(one.root, known)} />
          </RootRow>
        ))}
      </ol>
      {others.length === 0 ? null : (
        <details>
          <summary>{plural(others.length, "more root")}</summary>
          <ol class="list" start={worst.length + 1}>
            {others.map((one) => (
              <RootRow key={one.root.name} weighed={one} known={known} />
            ))}
          </ol>
        </details>
      )}
    </section>
  );
}

/**
 * What the link leaves out where models stand for what ran: a tree or a module may do what no model does, and where
 * the reader has it only the reader knows.
 */
function standsFor({ campaign }: ReportData, finding: ReportFinding): string {
  const models = modelSides(campaign, finding);
  const asked = SIDES.flatMap((side) => {
    const id = finding[side].backend ?? campaign[side];
    const [, kind] = /^(tree|file):/.exec(id) ?? [];
    return id === models[side] ? [] : [`--${side} ${kind === undefined ? id : `${kind}:PATH`}`];
  });
  return asked.length === 0 ? "" : ` (on models; as it was found, with ${asked.join(" ")})`;
}

type Known = ReadonlyMap<string, ReportFinding>;

function weighed({ campaign: { roots = [] } }: ReportData, known: Known): Weighed[] {
  return roots.map((root) => {
    const members = root.findings.flatMap((signature) => known.get(signature) ?? []);
    const fresh = members.filter(({ status }) => status !== null && status !== "known").length;
    return { root, fresh, verdicts: members.map(({ verdict }) => verdict) };
  });
}

function simplestOf({ findings }: Root, known: Known): ReportFinding | undefined {
  return known.get(findings.find((signature) => known.has(signature)) ?? "");
}

/** The operations of a finding, how to see it again, and what the baseline says of it. */
function Simplest({
  report,
  weighed: { fresh },
  finding,
}: {
  report: ReportData;
  weighed: Weighed;
  finding?: ReportFinding | undefined;
}) {
  if (finding === undefined) return null;
  const { trace, status, reason, ref } = finding;
  const known = status === "known" && reason !== undefined;
  const standing = status === null ? "there is no baseline for this pair" : "not accepted";
  // A quote would end the argument that the shell is given.
  const link = tryLink(report.campaign, finding).replaceAll("'", "%27");
  return (
    <dl class="facts small root-facts">
      <dt>Shortest</dt>
      <dd>
        <code>{trace.ops.map((op, step) => `${step} ${opText(op)}`).join("; ")}</code>
      </dd>
      <dt>Reproduce</dt>
      <dd>
        <code class="run">npx pfndiff replay '{link}'</code>
        <span class="muted">{standsFor(report, finding)}</span>
      </dd>
      <dt>{known ? "Accepted" : "Standing"}</dt>
      <dd>
        {known && fresh > 0 ? "This one, but not all of them: " : ""}
        {known ? `${reason} ` : `${standing}.`}
        {known && ref !== undefined ? <Reference text={ref} /> : null}
      </dd>
    </dl>
  );
}

interface RootRowProps {
  readonly weighed: Weighed;
  readonly known: Known;
  readonly children?: ComponentChildren;
}

function RootRow({ weighed: { root, fresh }, known, children }: RootRowProps) {
  const [simplest = "", ...follows] = root.findings.filter((signature) => known.has(signature));
  return (
    <li>
      <a class="row" data-root={root.name} href={findingHash({ signature: simplest })}>
        <span class="row-text">
          <b>{root.name}</b>
          <span class="muted">{root.notice}</span>
        </span>
        <span class="row-count">
          {plural(root.findings.length, "finding")}
          {fresh === 0 ? "" : `, ${grouped(fresh)} not accepted`}
        </span>
      </a>
      {children}
      {follows.length === 0 ? null : (
        <details class="small">
          <summary>what follows</summary>
          {follows.map((signature) => (
            <a key={signature} class="follows" href={findingHash({ signature })}>
              <code>{signature}</code>
            </a>
          ))}
        </details>
      )}
    </li>
  );
}
