import { GOALS } from "../../../fuzz/goals.ts";
import type { Campaign } from "../../../fuzz/summary.ts";
import { type JudgedReport, judgedReport } from "../../../reports/formats/report.ts";
import type { Baseline, BaselineEntry, GateProblem } from "../../../src/gate.ts";
import type { CampaignFinding, Symptom, Verdict } from "../../../src/oracle/finding.ts";
import type { Trace } from "../../../src/trace/trace.ts";

const trace: Trace = {
  format: "pfndiff/trace@1",
  name: "t",
  world: { pfns: 8, vpages: 8, mtrr: "uncached" },
  ops: [{ op: "spawn", proc: 0 }],
};

/** Text that every format has to escape. */
export const NASTY = "a<b> & \"c\" 'd' | e:f,g % # \u0007 \u{1f600}\nsecond `line` ]]> ::error::";

export function finding(signature: string, detail = "pages [0,1) stay reserved"): CampaignFinding {
  const [verdict, symptom, cause = ""] = signature.split(":") as [Verdict, Symptom, string];
  const seen = { count: 3, firstRun: 17, side: "before", parted: false, step: 2 } as const;
  return { signature, symptom, verdict, cause, detail, trace, ...seen };
}

function entry(signature: string): BaselineEntry {
  const [verdict, symptom, cause = ""] = signature.split(":") as [
    BaselineEntry["verdict"],
    Symptom,
    string,
  ];
  const sides = { before: "legacy@6.12", after: "modern@7.2" };
  const why = { reason: `because of ${NASTY}`, ref: "20240825152403" };
  return { signature, verdict, symptom, cause, ...sides, ...why, trace };
}

export function campaign(findings: readonly CampaignFinding[]): Campaign {
  return {
    format: "pfndiff/campaign@1",
    before: "legacy@6.12",
    after: "modern@7.2",
    seed: 1,
    runs: 3000,
    ops: 60_000,
    opsPerSecond: 1000,
    digest: "0123456789abcdef".repeat(4),
    goals: Object.fromEntries(GOALS.map((goal) => [goal, 1])) as Campaign["goals"],
    goalsMissed: [],
    notComparable: 0,
    retention: { pageOps: 0, refused: 0, changed: 0 },
    residual: { chance: 0.001, low: 0, high: 0.004 },
    findings: [...findings],
  };
}

export const KNOWN = "fixed:leak:unmap-head";
export const NEW = "introduced:alias:move-head";
export const VANISHED = "kept:errno:mremap";
export const CHANGED = "changed:refused:fork";

export const BASELINE: Baseline = {
  format: "pfndiff/baseline@1",
  entries: [entry(CHANGED), entry(KNOWN), entry(VANISHED)],
};

const PROBLEMS: readonly GateProblem[] = [
  { fault: "vanished", signature: VANISHED, detail: "its trace shows nothing" },
  { fault: "changed", signature: CHANGED, detail: "its trace now shows kept:refused:fork" },
  { fault: "new", signature: NEW, detail: NASTY },
];

/** One signature of each standing. */
export const MIXED: JudgedReport = judgedReport(
  campaign([finding(KNOWN), finding(NEW, NASTY)]),
  BASELINE,
  { problems: PROBLEMS },
);

/** Nothing unexpected. */
export const CLEAN: JudgedReport = judgedReport(campaign([finding(KNOWN)]), {
  ...BASELINE,
  entries: [entry(KNOWN)],
});

/** More new signatures than any consumer takes. */
export function crowd(size: number, detail?: string): JudgedReport {
  const names = Array.from({ length: size }, (_, index) => `fixed:leak:cause-${index}`);
  return judgedReport(campaign(names.map((name) => finding(name, detail))), {
    ...BASELINE,
    entries: [],
  });
}
