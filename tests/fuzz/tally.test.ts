import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Difference } from "../../fuzz/differential.ts";
import { GOALS } from "../../fuzz/goals.ts";
import { EMPTY_TALLY, mergeTallies, type Tally, Tallier } from "../../fuzz/tally.ts";
import { type JudgedFinding, SIDES, SYMPTOMS, VERDICTS } from "../../src/oracle/finding.ts";

/** Few of each, so that signatures meet within a run and across runs. */
const finding: fc.Arbitrary<JudgedFinding> = fc
  .record({
    symptom: fc.constantFrom(...SYMPTOMS.slice(0, 2)),
    verdict: fc.constantFrom(...VERDICTS.slice(0, 2)),
    cause: fc.constantFrom("cow", "replace"),
    step: fc.nat({ max: 5 }),
    parted: fc.boolean(),
  })
  .map((drawn) => ({
    ...drawn,
    side: "after",
    detail: "",
    signature: `${drawn.verdict}:${drawn.symptom}:${drawn.cause}`,
  }));

const retention = fc.record({
  pageOps: fc.nat({ max: 99 }),
  refused: fc.nat({ max: 9 }),
  changed: fc.nat({ max: 9 }),
  mappings: fc.nat({ max: 9 }),
});

const difference: fc.Arbitrary<Difference> = fc.record({
  findings: fc.array(finding, { maxLength: 12 }),
  goals: fc.nat({ max: 2 ** GOALS.length - 1 }),
  notComparable: fc.nat({ max: 9 }),
  retention,
  retentionBefore: retention,
});

/** What is handed to a tallier for one run. */
interface Run {
  readonly run: number;
  readonly ops: number;
  readonly difference: Difference;
}

const runs: fc.Arbitrary<Run[]> = fc.uniqueArray(
  fc.record({ run: fc.nat({ max: 40 }), ops: fc.nat({ max: 40 }), difference }),
  { selector: ({ run }) => run, maxLength: 20 },
);

/** What one run shows, put together the long way. */
function tallyOf({ run, ops, difference }: Run): Tally {
  const { findings, goals, notComparable, ...held } = difference;
  const signatures = [...new Set(findings.map(({ signature }) => signature))].sort();
  const bestOf = (wanted: string) => {
    const shown = findings.filter(({ signature }) => signature === wanted);
    const least = (of: typeof shown) => ({ step: Math.min(...of.map(({ step }) => step)), run });
    const parted = shown.filter((finding) => finding.parted);
    if (parted.length === 0) return { best: least(shown) };
    const sides = SIDES.flatMap((side) => {
      const own = parted.filter((finding) => finding.side === side);
      return own.length === 0 ? [] : [[side, least(own)] as const];
    });
    return { best: least(shown), sides: Object.fromEntries(sides) };
  };
  return {
    ranges: [{ from: run, to: run + 1 }],
    ops,
    notComparable,
    ...held,
    goals: GOALS.map((_, bit) => Math.floor(goals / 2 ** bit) % 2),
    occurrences: Object.fromEntries(
      signatures.map((signature) => [signature, { count: 1, firstRun: run, ...bestOf(signature) }]),
    ),
  };
}

describe("the tally of many runs", () => {
  test("is the sum of those of each run, to the letter", () => {
    fc.assert(
      fc.property(runs, (shown) => {
        const tallier = new Tallier();
        for (const { run, ops, difference } of shown) tallier.add(run, ops, difference);
        const sum = shown.map(tallyOf).reduce(mergeTallies, EMPTY_TALLY);
        expect(JSON.stringify(tallier.tally())).toBe(JSON.stringify(sum));
      }),
      { numRuns: 1000 },
    );
  });

  test("may be asked for while more runs come in", () => {
    fc.assert(
      fc.property(runs, fc.nat({ max: 20 }), (shown, first) => {
        const tallier = new Tallier();
        for (const { run, ops, difference } of shown.slice(0, first)) {
          tallier.add(run, ops, difference);
        }
        const early = tallier.tally();
        const text = JSON.stringify(early);
        for (const { run, ops, difference } of shown.slice(first)) {
          tallier.add(run, ops, difference);
        }
        expect(JSON.stringify(early)).toBe(text);
        const sum = shown.map(tallyOf).reduce(mergeTallies, EMPTY_TALLY);
        expect(JSON.stringify(tallier.tally())).toBe(JSON.stringify(sum));
      }),
    );
  });

  test("tells of a signature that its run is the first to show", () => {
    fc.assert(
      fc.property(runs, (shown) => {
        const tallier = new Tallier();
        const known = new Set<string>();
        for (const { run, ops, difference } of shown) {
          const signatures = difference.findings.map(({ signature }) => signature);
          const fresh = signatures.filter((signature) => !known.has(signature));
          const told = tallier.add(run, ops, difference);
          if (fresh.length === 0) expect(told).toBeNull();
          else expect(fresh).toContain(told);
          for (const signature of signatures) known.add(signature);
          expect(tallier.signatureCount).toBe(known.size);
        }
      }),
    );
  });

  test("refuses a run that came in twice", () => {
    const { retention: none } = EMPTY_TALLY;
    const held = { retention: none, retentionBefore: none };
    const nothing = { findings: [], goals: 0, notComparable: 0, ...held };
    const tallier = new Tallier();
    for (const run of [3, 4, 3]) tallier.add(run, 1, nothing);
    expect(() => tallier.tally()).toThrow("tallied twice");
  });
});
