import type { FindingStatus } from "../../data.ts";
import type { Verdict } from "../../../src/oracle/finding.ts";
import { STATUS_TEXT, VERDICT_TEXT } from "../words.ts";

/** A verdict as a mark and a word; its colour only repeats them. */
export function VerdictBadge({ verdict }: { verdict: Verdict }) {
  const { name, mark, meaning } = VERDICT_TEXT[verdict];
  return (
    <span class={`badge verdict-${verdict}`} title={meaning}>
      <span aria-hidden="true">{mark}</span> {name}
    </span>
  );
}

export function StatusBadge({ status }: { status: FindingStatus }) {
  const { name, mark, meaning } = STATUS_TEXT[status];
  return (
    <span class={`badge status-${status}`} title={meaning}>
      <span aria-hidden="true">{mark}</span> {name}
    </span>
  );
}
