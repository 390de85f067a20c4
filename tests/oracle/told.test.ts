import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { anyTrace } from "../../fuzz/sources.ts";
import { openModels } from "../../src/cli/backends.ts";
import { readBaseline } from "../../src/cli/baseline.ts";
import { MUTANTS, mutantPair } from "../../src/cli/mutantlist.ts";
import type { ModelBackend } from "../../src/model/backend.ts";
import type { JudgedFinding } from "../../src/oracle/finding.ts";
import { type Judgement, judge } from "../../src/oracle/judge.ts";
import { SCENARIOS } from "../../src/scenarios/index.ts";
import type { Trace } from "../../src/trace/trace.ts";

type Sides = { readonly before: string; readonly after: string };

const SHIPPED: Sides = { before: "legacy", after: "modern" };

interface Models {
  readonly before: ModelBackend;
  readonly after: ModelBackend;
}

function judged(trace: Trace, { before, after }: Models): Judgement {
  const contexts = { contexts: true };
  return judge(before.recordSync(trace, contexts), after.recordSync(trace, contexts));
}

function lineOf({ step, side, signature, parted, kind, detail }: JudgedFinding): string {
  const where = `  ${step} ${side}${parted ? ", parted" : ""}: ${signature}`;
  return `${where}${kind === undefined || kind === "" ? "" : ` (${kind})`}: ${detail}`;
}

/** All that the oracle has to say of a trace, as text. */
function told(name: string, { findings, ...rest }: Judgement): string {
  const { retention, notComparable, firstDifference } = rest;
  const kept = Object.values(retention).map(
    ({ pageOps, refused, changed }) =>
      `${pageOps} page-ops, ${refused} refused, ${changed} changed`,
  );
  return [
    name,
    ...findings.map(lineOf),
    `  before ${kept[0]}; after ${kept[1]}`,
    `  first difference at ${firstDifference}, ${notComparable} not comparable`,
  ].join("\n");
}

test("every accepted signature shows in the trace that stands for it", async () => {
  const { entries } = await readBaseline();
  expect(entries.length).toBeGreaterThan(50);
  for (const { signature, trace, before, after } of entries) {
    const { findings } = judged(trace, await openModels({ before, after }));
    expect(findings.map((finding) => finding.signature)).toContain(signature);
  }
});

test("what the oracle says of every accepted trace and scenario, word by word, was reviewed", async () => {
  const { entries } = await readBaseline();
  const lines: string[] = [];
  for (const { signature, trace, ...sides } of entries) {
    lines.push(told(signature, judged(trace, await openModels(sides))));
  }
  for (const { name, trace, sides } of SCENARIOS) {
    lines.push(told(name, judged(trace, await openModels(sides ?? SHIPPED))));
  }
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("../data/told.txt");
});

const PAIRS: readonly Sides[] = [
  SHIPPED,
  { before: "modern", after: "legacy" },
  { before: "legacy@6.1.0", after: "legacy" },
  { before: "legacy@6.6.0", after: "modern@6.16" },
  { before: "legacy@6.12.0", after: "modern" },
  { before: "legacy@6.12.23", after: "legacy@6.15" },
  { before: "variant:B-i", after: "variant:C2-old" },
  { before: "variant:D2", after: "variant:D3" },
];

/** Counts of what the oracle says of some traces, and a digest of its words. */
class Sum {
  private readonly counts = new Map<string, number>();
  private readonly hash = createHash("sha256");

  add(judgement: Judgement): void {
    this.hash.update(told("", judgement));
    for (const { symptom } of judgement.findings) {
      this.counts.set(symptom, (this.counts.get(symptom) ?? 0) + 1);
    }
  }

  get text(): string {
    const counted = [...this.counts].sort().map(([symptom, count]) => `${symptom} ${count}`);
    return `${counted.join(", ")}; ${this.hash.digest("hex").slice(0, 16)}`;
  }
}

test("what the oracle says of drawn traces, on many designs, has not changed by a word", async () => {
  const lines: string[] = [];
  for (const sides of PAIRS) {
    const models = await openModels(sides);
    const sum = new Sum();
    for (let run = 0; run < 30; run++) sum.add(judged(anyTrace(7, run), models));
    lines.push(`${sides.before} ${sides.after}: ${sum.text}`);
  }
  const planted = new Sum();
  for (const mutant of MUTANTS) {
    const { reference: before, mutant: after } = mutantPair(mutant);
    // Of four runs the first and the third are system calls only.
    for (let run = 0; run < 8; run += 2) planted.add(judged(anyTrace(7, run), { before, after }));
  }
  lines.push(`planted faults: ${planted.text}`);
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("../data/told-drawn.txt");
});
