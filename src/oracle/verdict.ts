import type { Finding, Verdict } from "./finding.ts";
import type { ToldFinding } from "./told.ts";

/** The kinds that each symptom and cause occurred in on one side, as bits by key. */
class KindsByKey {
  private bits = new Int32Array(128);

  of(key: number): number {
    return this.bits[key] ?? 0;
  }

  add({ key, kindBit }: ToldFinding): void {
    if (key >= this.bits.length) {
      const bigger = new Int32Array(key * 2);
      bigger.set(this.bits);
      this.bits = bigger;
    }
    this.bits[key] = this.of(key) | kindBit;
  }

  forget(findings: readonly ToldFinding[]): void {
    for (const { key } of findings) this.bits[key] = 0;
  }
}

const was = new KindsByKey();
const is = new KindsByKey();

/** `verdict:symptom:cause` by verdict and key: the same few come up again and again. */
const signatures = new Map<Verdict, string[]>();

function signatureOf(verdict: Verdict, { key, symptom, cause }: ToldFinding): string {
  const known = signatures.get(verdict) ?? [];
  if (known.length === 0) signatures.set(verdict, known);
  return (known[key] ??= `${verdict}:${symptom}:${cause}`);
}

/** The errno symptom between the sides is stated once, for both. */
export function isBetweenSides({ symptom, cause }: Pick<Finding, "symptom" | "cause">): boolean {
  return symptom === "errno" && /-(to-\w+|effect)$/.test(cause);
}

function verdictOf(finding: ToldFinding): Verdict {
  if (isBetweenSides(finding)) return "changed";
  const before = was.of(finding.key);
  const after = is.of(finding.key);
  if (before === 0) return "introduced";
  if (after === 0) return "fixed";
  return (before & after) !== 0 ? "kept" : "changed";
}

function settleAll(findings: readonly ToldFinding[]): void {
  for (const finding of findings) {
    finding.verdict = verdictOf(finding);
    finding.signature = signatureOf(finding.verdict, finding);
  }
}

/**
 * Says of each finding what became of its symptom and cause from before to after: on one side
 * only it is fixed or introduced, on both kept, and changed when it shows in other kinds. The
 * findings of both sides come back in the order of their steps.
 */
export function judgeFindings(
  before: readonly ToldFinding[],
  after: readonly ToldFinding[],
): ToldFinding[] {
  for (const finding of before) was.add(finding);
  for (const finding of after) is.add(finding);
  settleAll(before);
  settleAll(after);
  was.forget(before);
  is.forget(after);
  return inOrder(before, after);
}

function inOrder(before: readonly ToldFinding[], after: readonly ToldFinding[]): ToldFinding[] {
  const all: ToldFinding[] = [];
  let next = 0;
  for (const finding of before) {
    for (; next < after.length; next++) {
      const other = after[next] as ToldFinding;
      if (other.step >= finding.step) break;
      all.push(other);
    }
    all.push(finding);
  }
  for (; next < after.length; next++) all.push(after[next] as ToldFinding);
  return all;
}
