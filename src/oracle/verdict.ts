import type { Finding, JudgedFinding, Verdict } from "./finding.ts";

/** The signature's part that both sides share. */
function keyOf(finding: Finding): string {
  return `${finding.symptom}:${finding.cause}`;
}

function byKey(findings: readonly Finding[]): Map<string, Finding[]> {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const group = groups.get(keyOf(finding));
    if (group === undefined) groups.set(keyOf(finding), [finding]);
    else group.push(finding);
  }
  return groups;
}

/** On both sides it is kept, unless it shows at one step in two kinds and nowhere in the same. */
function verdictOf(before: readonly Finding[] = [], after: readonly Finding[] = []): Verdict {
  if (before.length === 0) return "introduced";
  if (after.length === 0) return "fixed";
  const same = before.some((was) => after.some((is) => is.kind === was.kind));
  const meet = before.some((was) => after.some((is) => is.step === was.step));
  return meet && !same ? "changed" : "kept";
}

/** The errno symptom between the sides is stated once, for both. */
export function isBetweenSides(finding: Finding): boolean {
  return finding.symptom === "errno" && /-(to-\w+|effect)$/.test(finding.cause);
}

/**
 * Says of each finding what became of its symptom and cause from before to after: on one side
 * only it is fixed or introduced, on both kept, and changed when it shows in other kinds.
 */
export function judgeFindings(
  before: readonly Finding[],
  after: readonly Finding[],
): JudgedFinding[] {
  if (before.length === 0 && after.length === 0) return [];
  const was = byKey(before);
  const is = byKey(after);
  const judged = [...before, ...after].map((finding): JudgedFinding => {
    const key = keyOf(finding);
    const verdict = isBetweenSides(finding) ? "changed" : verdictOf(was.get(key), is.get(key));
    return { ...finding, verdict, signature: `${verdict}:${key}` };
  });
  return judged.sort((a, b) => a.step - b.step);
}
