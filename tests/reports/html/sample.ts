import { legacyBackend } from "../../../legacy/index.ts";
import { modernBackend } from "../../../modern/index.ts";
import type { Root } from "../../../fuzz/roots/root.ts";
import {
  bareStep,
  type ReportClaim,
  type ReportData,
  type ReportFinding,
} from "../../../reports/data.ts";
import { explained } from "../../../src/asked/explain.ts";
import type { Coverage } from "../../../src/trace/coverage.ts";
import type { Matrix, MatrixRow } from "../../../reports/matrix.ts";
import { closedTrace } from "../../../src/trace/closed.ts";
import type { Trace } from "../../../src/trace/trace.ts";
import { sampleArena } from "./samplearena.ts";
import { SAID, type Said } from "./said.ts";
import { SCHEDULE } from "./schedule.ts";

const before = legacyBackend("6.12");
const after = modernBackend("6.18");

/** A finding with recordings that the models make of its ops. */
function finding(said: Said): ReportFinding {
  const { ops, mtrr = "uncached", ...rest } = said;
  const signature = `${said.verdict}:${said.symptom}:${said.cause}`;
  const world: Trace["world"] = { pfns: 8, vpages: 8, mtrr };
  const trace: Trace = { format: "pfndiff/trace@1", name: signature, world, ops: [...ops] };
  const side = (backend: typeof before) => {
    const closed = closedTrace(trace);
    const { steps } = explained(backend.recordSync(closed, { contexts: true, requests: true }));
    const ending = backend.recordSync(closed).steps.slice(ops.length).map(bareStep);
    return { design: backend.design, steps: steps.slice(0, ops.length), ending };
  };
  return {
    ...rest,
    signature,
    trace,
    before: side(before),
    after: side(after),
  };
}

const GOALS_REACHED = {
  split: 5120,
  "munmap-head": 4801,
  "munmap-middle": 2230,
  "munmap-tail": 4770,
  "mremap-shrink": 1904,
  "move-whole": 2811,
  "move-piece": 1630,
  "fork-split": 988,
  "fork-fails": 402,
  "mmap-refused": 1310,
  "mmap-replaces": 3002,
  "cow-first": 1755,
};

const CLAIMS: readonly ReportClaim[] = [
  {
    number: 1,
    claim: "Shrinking by mremap() worked before, by adjusting the reservation.",
    judgement: "holds",
    evidence: ["1,904 runs shrank a tracked mapping; none of them leaked or freed wrongly."],
  },
  {
    number: 2,
    claim: "Any other partial unmap was broken before.",
    judgement: "partly",
    evidence: [
      "Unmapping the head or the middle leaked in every run.",
      "Unmapping the tail by munmap() did not: erase by end serves it as well.",
    ],
    witness: {
      text: "spawn p0\nmmap p0 [0,2) = pfn [0,2) resource rw shared\nmunmap p0 [0,1)",
      signature: "fixed:leak:unmap-head",
    },
  },
];

/** Two roots: what the first finding stands for, and all others. */
function rootsOf([first, ...others]: readonly ReportFinding[]): Root[] {
  const names = (some: readonly ReportFinding[]) => some.map(({ signature }) => signature);
  if (first === undefined) throw new Error("the sample report has findings");
  return [
    { name: "before:untied", notice: "mremap p0: VM_PAT is off", findings: names([first]) },
    { name: "after:over-retention", notice: "munmap p0: kept", findings: names(others) },
  ];
}

/** Two releases; the first side's results where a result is what differs. */
const COVERAGE: Coverage = {
  format: "pfndiff/coverage@1",
  trees: [
    {
      id: "tree:linux",
      release: "7.2.12",
      functions: [
        {
          name: "pfnmap_track",
          file: "arch/x86/mm/pat/memtype.c",
          line: 900,
          calls: 12,
          lines: 8,
          linesMissed: [903, 904],
          branches: 4,
          branchesMissed: [902],
        },
      ],
    },
  ],
};

function sampleMatrix(findings: readonly ReportFinding[]): Matrix {
  const rows = findings.map(({ signature, symptom, verdict }): MatrixRow => {
    if (symptom === "errno") return { signature, cells: [{ result: "ok" }, { result: "EFAULT" }] };
    const was = verdict === "introduced" ? "silent" : "shows";
    return { signature, cells: [was, verdict === "fixed" ? "silent" : "shows"] };
  });
  const columns = [before.id, after.id];
  return { format: "pfndiff/matrix@1", columns, groups: [{ root: "before:untied", rows }] };
}

/** A small report with a finding of every status and verdict. */
export function sampleReport(): ReportData {
  const findings = SAID.map(finding);
  return {
    campaign: {
      before: before.id,
      after: after.id,
      seed: 7,
      runs: 20_000,
      ops: 412_905,
      opsPerSecond: 48_211.4,
      digest: "9b74c9897bac770ffc029102a200c5de4af3c1d2b6e08f19a5507bd26e3a9f10",
      goals: GOALS_REACHED,
      goalsMissed: [],
      notComparable: 3120,
      retention: { pageOps: 61_224, refused: 1204, changed: 318 },
      residualChance: 0.00005,
      roots: rootsOf(findings),
    },
    gate: {
      passed: false,
      held: findings.length - 2,
      problems: findings
        .filter(({ status }) => status !== "known")
        .map(({ status, signature, detail }) => ({
          fault: status === "new" ? "new" : "vanished",
          signature,
          detail,
        })),
    },
    findings,
    claims: CLAIMS,
    arena: sampleArena(),
    matrix: sampleMatrix(findings),
    coverage: COVERAGE,
    races: [SCHEDULE],
  };
}

/** A report of `count` findings, each with a signature of its own. */
export function largeReport(count: number): ReportData {
  const report = sampleReport();
  const findings = Array.from({ length: count }, (_, index): ReportFinding => {
    const model = report.findings[index % report.findings.length];
    if (model === undefined) throw new Error("the sample report has findings");
    return { ...model, cause: `${model.cause}-${index}`, signature: `${model.signature}-${index}` };
  });
  const problems = findings
    .filter(({ status }) => status === "new")
    .map(({ signature, detail }) => ({ fault: "new" as const, signature, detail }));
  return { ...report, findings, gate: { passed: false, held: count - problems.length, problems } };
}

/** The sample with markup wherever a text can come from outside. */
export function hostileReport(): ReportData {
  const report = sampleReport();
  const markup = "</script><img src=x onerror='window.pwned=1'><!--\u2028 & <b>";
  const findings = report.findings.map(
    (finding): ReportFinding => ({
      ...finding,
      signature: `${finding.signature}${markup}`,
      cause: `${finding.cause}${markup}`,
      detail: `${finding.detail}${markup}`,
      reason: markup,
      ref: "javascript:window.pwned=2",
    }),
  );
  const { roots = [] } = report.campaign;
  const hostile = roots.map((root) => ({ ...root, name: markup, notice: markup }));
  const campaign = { ...report.campaign, before: markup, after: markup, roots: hostile };
  const points = SCHEDULE.points.map((point) => ({ ...point, does: markup }));
  return { ...report, campaign, findings, races: [{ ...SCHEDULE, points }] };
}

/** Where the viewer shows the finding that tests look at most. */
export const LEAK = "#/finding/fixed:leak:unmap-head";

/** Pages that axe looks at: what is shown, where, how wide, in which theme, and in forced colours or not. */
export const LOOKED_AT = [
  ["front page", "", 1400, "light", "none"],
  ["front page", "", 390, "dark", "none"],
  ["front page", "", 320, "light", "active"],
  ["finding", LEAK, 1400, "dark", "none"],
  ["finding", LEAK, 320, "light", "active"],
  ["claims", "#/claims", 320, "dark", "none"],
  ["arena", "#/arena", 320, "dark", "none"],
  ["arena", "#/arena", 1400, "light", "none"],
  ["matrix", "#/matrix", 320, "light", "none"],
  ["claims", "#/claims", 1400, "light", "active"],
  ["arena", "#/arena", 320, "light", "active"],
  ["matrix", "#/matrix", 1400, "dark", "active"],
  ["coverage", "#/coverage", 1400, "light", "active"],
  ["not found", "#/finding/fixed:leak:nobody", 320, "dark", "none"],
  ["coverage", "#/coverage", 320, "dark", "none"],
  ["races", "#/races", 320, "dark", "none"],
  ["race", "#/races/0", 320, "light", "active"],
  ["race", "#/races/0", 1400, "dark", "none"],
  ["refused finding", "#/finding/introduced:refused:unmap-tail/step/3", 1400, "light", "none"],
] as const;
