import { useEffect, useRef } from "preact/hooks";
import type { ReportClaim, ReportData } from "../../data.ts";
import { plural } from "../../numbers.ts";
import { JUDGEMENT_TEXT } from "../words.ts";
import { FRONT_HASH, findingHash } from "./route.ts";

/** What the series claimed, each claim judged, with its evidence and the shortest witness. */
export function ClaimsPage({ report }: { report: ReportData }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const claims = report.claims ?? [];
  const signatures = new Set(report.findings.map((finding) => finding.signature));
  useEffect(() => {
    document.title = "The series' claims: pfndiff";
    scrollTo(0, 0);
    heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <article class="claims">
      <nav class="neighbours" aria-label="Report">
        <a href={FRONT_HASH}>← All findings</a>
      </nav>
      <h1 ref={heading} tabIndex={-1}>
        The series' claims, checked
      </h1>
      <p class="muted">
        {plural(claims.length, "claim")} of the series and its discussion, in our own words, judged
        by evidence that was gathered for this report.
      </p>
      <ol class="claimlist">
        {claims.map((claim) => (
          <Claim key={claim.number} claim={claim} linked={signatures} />
        ))}
      </ol>
    </article>
  );
}

function Claim({ claim, linked }: { claim: ReportClaim; linked: ReadonlySet<string> }) {
  const { name, mark } = JUDGEMENT_TEXT[claim.judgement];
  const { witness } = claim;
  return (
    <li class="card">
      <h2>
        {claim.number}. {claim.claim}
      </h2>
      <p>
        <span class={`badge judgement-${claim.judgement}`}>
          <span aria-hidden="true">{mark}</span> {name}
        </span>
      </p>
      <ul class="evidence">
        {claim.evidence.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      {witness === undefined ? null : (
        <>
          <h3>Shortest witness</h3>
          <pre tabIndex={0}>{witness.text}</pre>
          {witness.signature !== undefined && linked.has(witness.signature) ? (
            <a href={findingHash({ signature: witness.signature })}>See it step by step</a>
          ) : null}
        </>
      )}
    </li>
  );
}
