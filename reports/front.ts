import type { Finding } from "../src/oracle/finding.ts";
import { type Symptom, SYMPTOMS, type Verdict, VERDICTS } from "../src/oracle/severity.ts";
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

/** So many symptoms of a verdict are told in words. */
const TOLD = 3;

/** What a symptom comes to, as something that there is. */
const WHAT: Readonly<Record<Symptom, string>> = {
  crash: "crashes",
  bug: "BUGs",
  hang: "calls that never return",
  alias: "one page in two cache modes",
  "missed-conflict": "conflicts that are let through",
  "untracked-mapping": "mappings whose cache mode nothing guards",
  "wrong-owner-untrack": "one mapping's end taking another's cache mode away",
  refcount: "wrong counts",
  "double-untrack": "frees of what is not reserved",
  leak: "cache modes left set until the next boot",
  "kernel-leak": "kernel memory never given back",
  "mode-mismatch": "pages in another cache mode than noted",
  "stale-memtype": "mappings in another cache mode than asked for",
  refused: "mappings refused without need",
  warning: "kernel warnings",
  "over-retention": "cache modes left set for a time after the last mapping",
  errno: "calls that return otherwise",
};

/** A finding as far as the front tells of it. */
export type Told = Pick<Finding, "symptom"> & { readonly verdict: Verdict };

/** What changed comes first; of what did not, or what only returns otherwise, the number is enough. */
const ORDER = ["fixed", "introduced", "changed", "kept"] as const;

/** What changed and what it costs, both sides, made of the data alone. */
export function frontText(facts: FrontFacts, findings: readonly Told[]): string[] {
  const { before, after, unverified = [] } = facts;
  const shown = ORDER.filter((verdict) => findings.some((one) => one.verdict === verdict));
  const isAlike = shown.length === 1 && shown[0] === "kept";
  const told = shown.map((verdict) => {
    const some = findings.filter((finding) => finding.verdict === verdict);
    const inWords = isAlike || verdict === "fixed" || verdict === "introduced";
    const count = `${grouped(some.length)} ${MEANING[verdict]}`;
    return inWords ? `${count}: ${symptomsText(some)}` : count;
  });
  const what = told.length === 0 ? "no finding" : told.join("; ");
  return [
    `From ${before} to ${after}${isAlike ? " nothing changed" : ""}: ${what}.`,
    costText(facts),
    ...unverified.map((why) => `${why}.`),
  ];
}

/** The gravest symptoms in words, and how many more there are. */
function symptomsText(findings: readonly Told[]): string {
  const shown = SYMPTOMS.filter((symptom) => findings.some((one) => one.symptom === symptom));
  const words = shown.slice(0, TOLD).map((symptom) => WHAT[symptom]);
  const more = shown.length - words.length;
  return more > 0 ? `${words.join(", ")} and ${more} more` : listText(words);
}

function listText(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
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
