import { type Verdict, VERDICTS } from "../src/oracle/severity.ts";
import type { Retention } from "../src/oracle/state.ts";
import { grouped, plural } from "./numbers.ts";

/** What a report's first sentence is made of. */
export interface FrontFacts {
  readonly before: string;
  readonly after: string;
  readonly ops: number;
  /** Which kernels have no model of their own release, one line each. */
  readonly unverified?: readonly string[] | undefined;
  readonly retention: Retention;
  readonly retentionBefore?: Retention | undefined;
}

const MEANING: Readonly<Record<Exclude<Verdict, "parted">, string>> = {
  introduced: "introduced (only after)",
  changed: "changed (on both sides, in different ways)",
  kept: "kept (on both sides)",
  fixed: "fixed (only before)",
};

/** How many findings have each verdict, in words; null where there are none. */
export function verdictText(verdicts: readonly Verdict[]): string | null {
  const told = VERDICTS.flatMap((verdict) => {
    const count = verdicts.filter((one) => one === verdict).length;
    return verdict === "parted" || count === 0 ? [] : [`${grouped(count)} ${MEANING[verdict]}`];
  });
  return told.length === 0 ? null : told.join(", ");
}

/** What changed and what it costs, both sides, made of the data alone. */
export function frontText(facts: FrontFacts, verdicts: readonly Verdict[]): string[] {
  const what = verdictText(verdicts) ?? "no finding";
  const { unverified = [] } = facts;
  return [
    `From ${facts.before} to ${facts.after}: ${what}.`,
    costText(facts),
    ...unverified.map((why) => `${why}.`),
  ];
}

/** What is held past the last mapping, by what the sides have mapped, or by ops where no side tells that. */
function costText({ ops, retention, retentionBefore }: FrontFacts): string {
  const isByMapping =
    retention.mappings !== undefined &&
    (retentionBefore === undefined || retentionBefore.mappings !== undefined);
  const rates = (cost: Retention) => {
    const whole = Math.max(1, isByMapping ? (cost.mappings ?? 0) : ops);
    const of = (count: number) => Math.round((10_000 * count) / whole);
    return [grouped(of(cost.pageOps)), plural(of(cost.refused), "refused mapping")] as const;
  };
  const [held, refused] = rates(retentionBefore ?? retention);
  const first = `${held} page-ops (one is a page for an op) and ${refused}`;
  const costs =
    retentionBefore === undefined
      ? `${first} after`
      : `${first} before, ${rates(retention).join(" and ")} after`;
  return `For every 10,000 ${isByMapping ? "mappings" : "ops"}, pages held past their last mapping cost ${costs}.`;
}
