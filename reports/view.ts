import type { Campaign } from "../fuzz/summary.ts";
import {
  type CampaignFinding,
  SYMPTOMS,
  type Symptom,
  VERDICTS,
  type Verdict,
} from "../src/oracle/finding.ts";
import { bySeverity } from "../src/oracle/severity.ts";
import type { Replay } from "../src/replay.ts";
import { stepRows } from "./rows.ts";

/** A finding of a campaign with all that a report shows of it. */
export interface FindingView {
  readonly finding: CampaignFinding;
  /** The baseline accepts it. */
  readonly known: boolean;
  /** Its minimal trace on both sides. */
  readonly replay: Replay;
  /** Why it is accepted, and where upstream says so. */
  readonly reason?: string;
  readonly ref?: string | undefined;
  /** Where it is saved. */
  readonly path: string;
}

/** A campaign with all that a report shows of it: what every renderer is handed. */
export interface CampaignView {
  readonly campaign: Campaign;
  readonly findings: readonly FindingView[];
  /** How many entries the baseline has for this pair; with none nothing is accepted of it. */
  readonly accepted: number;
}

/** What a report says of a finding's standing: nothing where nobody has begun a baseline. */
export function standingText(
  { known, finding }: FindingView,
  { accepted }: Pick<CampaignView, "accepted">,
): "" | "accepted" | "NOT ACCEPTED" | "parted" {
  if (finding.verdict === "parted") return "parted";
  if (accepted === 0) return "";
  return known ? "accepted" : "NOT ACCEPTED";
}

/** The line for a pair of which nothing is accepted: that it is so, and how to begin. */
export function beginText({ before, after }: Pick<Campaign, "before" | "after">): string {
  return (
    `Nothing is accepted for ${before} against ${after}; to begin a baseline: ` +
    `npx pfndiff gate --before ${before} --after ${after} --accept SIGNATURE --reason TEXT`
  );
}

/** The line for what showed only where the sides had parted, or null. */
export function partedText(findings: readonly { readonly verdict: Verdict }[]): string | null {
  const parted = findings.filter(({ verdict }) => verdict === "parted").length;
  if (parted === 0) return null;
  return (
    `${parted} more ${parted === 1 ? "shows" : "show"} only where the sides had parted: ` +
    "no statement about either design."
  );
}

/** The verdicts that say something of a design: what is parted is counted apart. */
export const TOLD = VERDICTS.filter((verdict) => verdict !== "parted");

/** How many signatures have each symptom and verdict; symptoms without any are left out. */
export function symptomTable(
  findings: readonly CampaignFinding[],
): { symptom: Symptom; counts: Record<Verdict, number> }[] {
  return SYMPTOMS.map((symptom) => {
    const count = (verdict: Verdict) =>
      findings.filter((found) => found.symptom === symptom && found.verdict === verdict).length;
    const counts = Object.fromEntries(TOLD.map((verdict) => [verdict, count(verdict)]));
    return { symptom, counts: counts as Record<Verdict, number> };
  }).filter(({ counts }) => Object.values(counts).some((count) => count > 0));
}

/** Findings in the order in which they matter: what is not accepted first, then the graver; parted ones last. */
export function inOrder(findings: readonly FindingView[]): FindingView[] {
  const rank = ({ known, finding }: FindingView) => Number(known || finding.verdict === "parted");
  return [...findings].sort((a, b) => rank(a) - rank(b) || bySeverity(a.finding, b.finding));
}

/** The first step at which the sides differ, with what each shows there; null if they never do. */
export function firstDifference(
  replay: Replay,
): { step: number; values: { label: string; before: string; after: string }[] } | null {
  const step = replay.steps.find(({ differs }) => differs.length > 0);
  if (step === undefined) return null;
  let label = "";
  const values = stepRows(step).flatMap((row) => {
    // A row without a label continues the one above.
    label = row.label === "" ? label : row.label;
    return row.differs ? [{ label, before: row.before, after: row.after }] : [];
  });
  return { step: step.index, values };
}

/** The command that shows a finding again. */
export function replayCommand(path: string): string {
  return `npx pfndiff replay ${/^[\w./@:-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`}`;
}
