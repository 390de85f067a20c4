import { type Verdict, VERDICTS } from "../src/oracle/severity.ts";
import type { Retention } from "../src/oracle/state.ts";
import { grouped, plural } from "./numbers.ts";

/** What a report's first sentence is made of. */
export interface FrontFacts {
  readonly before: string;
  readonly after: string;
  readonly ops: number;
  readonly retention: Retention;
  readonly retentionBefore?: Retention | undefined;
}

const MEANING: Readonly<Record<Exclude<Verdict, "parted">, string>> = {
  introduced: "introduced (only after)",
  changed: "changed (on both sides, in different ways)",
  kept: "kept (on both sides)",
  fixed: "fixed (only before)",
};

/** What changed and what it costs, both sides, made of the data alone. */
export function frontText(facts: FrontFacts, verdicts: readonly Verdict[]): string[] {
  const { before, after, ops, retention, retentionBefore } = facts;
  const told = VERDICTS.flatMap((verdict) => {
    const count = verdicts.filter((one) => one === verdict).length;
    return verdict === "parted" || count === 0 ? [] : [`${grouped(count)} ${MEANING[verdict]}`];
  });
  const what = told.length === 0 ? "no finding" : told.join(", ");
  const rates = (cost: Retention) =>
    `${rate(cost.pageOps, ops)} page-ops, ${plural(rateOf(cost.refused, ops), "refusal")}`;
  const held =
    retentionBefore === undefined
      ? `${rates(retention)} after`
      : `${rates(retentionBefore)} before, ${rates(retention)} after`;
  return [
    `From ${before} to ${after}: ${what}.`,
    `Pages held past their last mapping, in 10,000 ops: ${held}.`,
  ];
}

const rateOf = (count: number, ops: number) => Math.round((10_000 * count) / Math.max(1, ops));
const rate = (count: number, ops: number) => grouped(rateOf(count, ops));
