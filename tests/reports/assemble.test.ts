import { describe, expect, test } from "vitest";
import type { Campaign } from "../../fuzz/summary.ts";
import { legacyBackend } from "../../legacy/index.ts";
import { modernBackend } from "../../modern/index.ts";
import { assembleReport, type ReportSources } from "../../reports/assemble.ts";
import type { BaselineEntry, GateProblem } from "../../src/gate.ts";
import type { CampaignFinding, JudgedFinding } from "../../src/oracle/finding.ts";
import { judge } from "../../src/oracle/judge.ts";
import { layOut, type Replay } from "../../src/replay.ts";
import type { Trace } from "../../src/trace/trace.ts";

const before = legacyBackend("6.12");
const after = modernBackend("6.18");

const trace: Trace = {
  format: "pfndiff/trace@1",
  name: "",
  world: { pfns: 2, vpages: 2, mtrr: "uncached" },
  ops: [
    { op: "spawn", proc: 0 },
    { op: "mmap", proc: 0, at: 0, pages: 2, pfn: 0, via: "resource", prot: "rw", private: false },
    { op: "munmap", proc: 0, at: 0, pages: 1 },
  ],
};

function met(cause: string): CampaignFinding {
  const kind = { symptom: "leak", verdict: "fixed", side: "before", parted: false } as const;
  const signature = `fixed:leak:${cause}`;
  return {
    ...kind,
    signature,
    cause,
    count: 3,
    firstRun: 1,
    detail: `met ${cause}`,
    trace,
    step: 2,
  };
}

function accepted(cause: string): BaselineEntry {
  const { signature, symptom } = met(cause);
  const pair = { before: before.id, after: after.id };
  return {
    signature,
    symptom,
    verdict: "fixed",
    cause,
    ...pair,
    reason: `why ${cause}`,
    ref: "T",
    trace,
  };
}

function judged(cause: string, step: number): JudgedFinding {
  const { signature, symptom, verdict, side, parted } = met(cause);
  return { signature, symptom, verdict, cause, side, parted, step, detail: `judged ${cause}` };
}

function sources(
  findings: CampaignFinding[],
  entries: BaselineEntry[],
  problems: GateProblem[] = [],
): ReportSources {
  const campaign: Campaign = {
    format: "pfndiff/campaign@1",
    before: before.id,
    after: after.id,
    seed: 1,
    runs: 10,
    ops: 30,
    opsPerSecond: 1,
    digest: "0".repeat(64),
    goals: {} as Campaign["goals"],
    goalsMissed: [],
    notComparable: 0,
    residual: { chance: 0.25, low: 0, high: 0.5 },
    retention: { pageOps: 0, refused: 0, changed: 0 },
    findings,
  };
  return {
    view: {
      campaign,
      accepted: entries.length,
      findings: findings.map((finding) => {
        return { finding, known: false, replay: replayWith([]), path: "a b.json" };
      }),
    },
    gate: {
      baseline: { format: "pfndiff/baseline@1", entries },
      outcome: { passed: problems.length === 0, problems, held: 0 },
      replays: new Map(
        entries.map(({ signature, cause }) => [signature, replayWith([judged(cause, 1)])]),
      ),
    },
  };
}

/** The trace on both models, with the findings that a test wants it to have. */
function replayWith(findings: JudgedFinding[]): Replay {
  const left = before.recordSync(trace, { contexts: true });
  const right = after.recordSync(trace, { contexts: true });
  return { ...layOut(left, right, judge(left, right)), findings };
}

describe("a finding's status", () => {
  test("is known with the baseline's reason, new by the gate's word, and else changed", () => {
    const problem = { fault: "new", signature: "fixed:leak:new", detail: "" } as const;
    const findings = [met("known"), met("new"), met("turned")];
    const report = assembleReport(sources(findings, [accepted("known")], [problem]));
    expect(report.findings.map(({ status, reason }) => [status, reason])).toEqual([
      ["known", "why known"],
      ["new", undefined],
      ["changed", undefined],
    ]);
  });

  test("is null without a baseline", () => {
    const report = assembleReport({ ...sources([met("a")], []), gate: null });
    expect(report.findings[0]?.status).toBeNull();
    expect(report.gate).toBeNull();
  });

  test("of an entry that the campaign did not meet comes from the entry's own trace", () => {
    const problem = { fault: "vanished", signature: "fixed:leak:gone", detail: "shows nothing" };
    const entries = [accepted("held"), accepted("gone")];
    const report = assembleReport(sources([], entries, [{ ...problem, fault: "vanished" }]));
    expect(
      report.findings.map(({ status, detail, count, step }) => [status, detail, count, step]),
    ).toEqual([
      ["known", "judged held", 0, 1],
      ["vanished", "shows nothing", 0, 1],
    ]);
  });
});

test("an accepted finding that another pair's trace shows is not the campaign's", () => {
  const from = sources([], [accepted("unmet")]);
  const other = { ...replayWith([judged("unmet", 1)]), before: "kernel:6.12" };
  const gate = from.gate ?? expect.fail("the sources have a gate");
  const replays = new Map([["fixed:leak:unmet", other]]);
  expect(assembleReport({ ...from, gate: { ...gate, replays } }).findings).toEqual([]);
});

test("both sides carry their backend, their design and what models show of it", () => {
  const report = assembleReport(sources([met("a")], []));
  const [finding] = report.findings;
  expect(finding?.before).toMatchObject({ backend: "legacy@6.12", design: "vm-pat" });
  expect(finding?.after).toMatchObject({ backend: "modern@6.18", design: "kref" });
  expect(finding?.after.steps[1]?.contexts).toEqual([{ pfn: 0, pages: 2, refs: 1, holders: 1 }]);
});
