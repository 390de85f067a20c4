import type { Finding, Verdict } from "./finding.ts";
import type { SideFinding } from "./sidefinding.ts";

/** The kinds that each symptom and cause occurred in on one side, as bits by key. */
class KindsByKey {
  private bits = new Int32Array(128);

  of(key: number): number {
    return this.bits[key] ?? 0;
  }

  add({ key, kindBit }: SideFinding): void {
    if (key >= this.bits.length) {
      const bigger = new Int32Array(key * 2);
      bigger.set(this.bits);
      this.bits = bigger;
    }
    this.bits[key] = this.of(key) | kindBit;
  }

  forget(findings: readonly SideFinding[]): void {
    for (const { key } of findings) this.bits[key] = 0;
  }
}

/** What each side shows where the sides had not parted, and where they had. */
const was = new KindsByKey();
const is = new KindsByKey();
const wasApart = new KindsByKey();
const isApart = new KindsByKey();

/** `verdict:symptom:cause` by verdict and key: the same few come up again and again. */
const signatures = new Map<Verdict, string[]>();

function signatureOf(verdict: Verdict, { key, symptom, cause }: SideFinding): string {
  const known = signatures.get(verdict) ?? [];
  if (known.length === 0) signatures.set(verdict, known);
  return (known[key] ??= `${verdict}:${symptom}:${cause}`);
}

/** The errno symptom between the sides is stated once, for both. */
export function isBetweenSides({ symptom, cause }: Pick<Finding, "symptom" | "cause">): boolean {
  return symptom === "errno" && /-(to-\w+|effect)$/.test(cause);
}

/** Both sides' findings of one trace. */
interface BothSides {
  readonly before: readonly SideFinding[];
  readonly after: readonly SideFinding[];
}

/**
 * On both sides it is kept, unless it shows at one step in two kinds and nowhere in the same. Where
 * the other side shows it only once the sides had parted, nothing can be said.
 */
function verdictOf(finding: SideFinding, sides: BothSides): Verdict {
  if (finding.parted) return "parted";
  if (isBetweenSides(finding)) return "changed";
  const before = was.of(finding.key);
  const after = is.of(finding.key);
  if (before === 0) return wasApart.of(finding.key) === 0 ? "introduced" : "parted";
  if (after === 0) return isApart.of(finding.key) === 0 ? "fixed" : "parted";
  return (before & after) === 0 && meet(finding.key, sides) ? "changed" : "kept";
}

/** Whether both sides show it at one and the same step; seldom asked. */
function meet(key: number, { before, after }: BothSides): boolean {
  const shows = (findings: readonly SideFinding[]) => findings.filter((one) => one.key === key);
  const steps = new Set(shows(before).map(({ step }) => step));
  return shows(after).some(({ step }) => steps.has(step));
}

function judgeAll(findings: readonly SideFinding[], sides: BothSides): void {
  for (const finding of findings) {
    finding.verdict = verdictOf(finding, sides);
    finding.parted = finding.verdict === "parted";
    finding.signature = signatureOf(finding.verdict, finding);
  }
}

/**
 * Says of each finding what became of its symptom and cause from before to after: on one side
 * only it is fixed or introduced, on both kept, and changed when it shows in other kinds; one that
 * shows where the sides had parted is parted. The findings of both sides come back in the order of
 * their steps.
 */
export function judgeFindings(
  before: readonly SideFinding[],
  after: readonly SideFinding[],
): SideFinding[] {
  for (const finding of before) (finding.parted ? wasApart : was).add(finding);
  for (const finding of after) (finding.parted ? isApart : is).add(finding);
  const sides = { before, after };
  judgeAll(before, sides);
  judgeAll(after, sides);
  for (const kinds of [was, wasApart]) kinds.forget(before);
  for (const kinds of [is, isApart]) kinds.forget(after);
  return inOrder(before, after);
}

function inOrder(before: readonly SideFinding[], after: readonly SideFinding[]): SideFinding[] {
  const all: SideFinding[] = [];
  let next = 0;
  for (const finding of before) {
    for (; next < after.length; next++) {
      const other = after[next] as SideFinding;
      if (other.step >= finding.step) break;
      all.push(other);
    }
    all.push(finding);
  }
  for (; next < after.length; next++) all.push(after[next] as SideFinding);
  return all;
}
