import { expect, test } from "vitest";
import { openModels } from "../../src/cli/backends.ts";
import { readBaseline } from "../../src/cli/baseline.ts";
import type { JudgedFinding } from "../../src/oracle/finding.ts";
import { type Judgement, judge } from "../../src/oracle/judge.ts";
import { SCENARIOS } from "../../src/scenarios/index.ts";
import type { Trace } from "../../src/trace/trace.ts";

type Sides = { readonly before: string; readonly after: string };

const SHIPPED: Sides = { before: "legacy", after: "modern" };

async function judged(trace: Trace, sides: Sides): Promise<Judgement> {
  const { before, after } = await openModels(sides);
  const contexts = { contexts: true };
  return judge(before.recordSync(trace, contexts), after.recordSync(trace, contexts));
}

function lineOf({ step, side, signature, parted, kind, detail }: JudgedFinding): string {
  const where = `  ${step} ${side}${parted ? ", parted" : ""}: ${signature}`;
  return `${where}${kind === undefined || kind === "" ? "" : ` (${kind})`}: ${detail}`;
}

/** All that the oracle has to say of a trace, as text. */
async function told(name: string, trace: Trace, sides: Sides): Promise<string> {
  const { findings, retention, notComparable, firstDifference } = await judged(trace, sides);
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
    const { findings } = await judged(trace, { before, after });
    expect(findings.map((finding) => finding.signature)).toContain(signature);
  }
});

test("what the oracle says of every accepted trace and scenario, word by word, was reviewed", async () => {
  const { entries } = await readBaseline();
  const lines: string[] = [];
  for (const { signature, trace, ...sides } of entries) {
    lines.push(await told(signature, trace, sides));
  }
  for (const { name, trace, sides } of SCENARIOS) {
    lines.push(await told(name, trace, sides ?? SHIPPED));
  }
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("../data/told.txt");
});
