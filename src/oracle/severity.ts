/**
 * The closed list of symptoms, gravest first: what corrupts comes before what loses, that before
 * what a caller is told, and a price that a design states comes near the end. Every report orders
 * findings by it, and nothing else ranks symptoms.
 */
export const SYMPTOMS = [
  "crash",
  "bug",
  "hang",
  "alias",
  "missed-conflict",
  "untracked-mapping",
  "wrong-owner-untrack",
  "refcount",
  "double-untrack",
  "leak",
  "kernel-leak",
  "mode-mismatch",
  "stale-memtype",
  "refused",
  "warning",
  "over-retention",
  "errno",
] as const;

export type Symptom = (typeof SYMPTOMS)[number];

/**
 * What became of a symptom from before to after, the most alarming first. Of one that shows only
 * where the sides had parted nothing can be said: it is `parted`, no statement about a design.
 */
export const VERDICTS = ["introduced", "changed", "kept", "fixed", "parted"] as const;

export type Verdict = (typeof VERDICTS)[number];

/** What the order of findings rests on; a symptom or verdict of another version comes first. */
interface Ranked {
  readonly symptom: string;
  readonly verdict: string;
  readonly signature: string;
}

const rankIn = (list: readonly string[], name: string) => list.indexOf(name);

/** Which of two findings a report shows first: the graver, then the more alarming; parted ones come last. */
export function bySeverity(a: Ranked, b: Ranked): number {
  return (
    Number(a.verdict === "parted") - Number(b.verdict === "parted") ||
    rankIn(SYMPTOMS, a.symptom) - rankIn(SYMPTOMS, b.symptom) ||
    rankIn(VERDICTS, a.verdict) - rankIn(VERDICTS, b.verdict) ||
    Number(a.signature > b.signature) - Number(a.signature < b.signature)
  );
}

/**
 * Whether a symptom is what a kernel's own code meets. That is its fault whatever the other side did, so
 * it is never `parted`, and no other finding excuses it.
 */
export function isOfKernel(symptom: Symptom): boolean {
  return (
    symptom === "crash" || symptom === "bug" || symptom === "hang" || symptom === "kernel-leak"
  );
}

/** Whether a symptom is a fault, and not a warning about one, a price, or another answer. */
export function isFault(symptom: string): boolean {
  return rankIn(SYMPTOMS, symptom) < rankIn(SYMPTOMS, "warning");
}

/** What is compared: what was there, and what came of it. */
export const SIDES = ["before", "after"] as const;

export type Side = (typeof SIDES)[number];
