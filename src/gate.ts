import { z } from "zod";
import { type CampaignFinding, type JudgedFinding, SYMPTOMS, VERDICTS } from "./oracle/finding.ts";
import { traceSchema } from "./trace/trace.ts";

const words = z.string().trim().min(1);

/** One accepted divergence: what it is, the least that shows it, and why it is accepted. */
export const baselineEntrySchema = z
  .strictObject({
    signature: words,
    verdict: z.enum(VERDICTS),
    symptom: z.enum(SYMPTOMS),
    cause: words,
    /** Ids of the backends the trace is replayed on. */
    before: words,
    after: words,
    reason: words,
    /** Upstream reference: a commit, a thread, a bug report. */
    ref: words,
    trace: traceSchema,
  })
  .refine((entry) => entry.signature === `${entry.verdict}:${entry.symptom}:${entry.cause}`, {
    path: ["signature"],
    message: "must be verdict:symptom:cause",
  });

/** pfndiff/baseline@1: every accepted divergence, once. */
export const baselineSchema = z
  .strictObject({
    format: z.literal("pfndiff/baseline@1"),
    entries: z.array(baselineEntrySchema),
  })
  .superRefine((baseline, context) => {
    const seen = new Set<string>();
    baseline.entries.forEach((entry, index) => {
      if (seen.has(entry.signature)) {
        const message = `${entry.signature} is listed twice`;
        context.addIssue({ code: "custom", path: ["entries", index, "signature"], message });
      }
      seen.add(entry.signature);
    });
  });

export type BaselineEntry = z.infer<typeof baselineEntrySchema>;
export type Baseline = z.infer<typeof baselineSchema>;

/** Why the gate fails on a signature. */
export const GATE_FAULTS = ["new", "vanished", "changed"] as const;

export interface GateProblem {
  readonly fault: (typeof GATE_FAULTS)[number];
  readonly signature: string;
  /** One sentence: what was seen, and what was expected. */
  readonly detail: string;
}

export interface GateOutcome {
  readonly passed: boolean;
  readonly problems: readonly GateProblem[];
  /** Entries that were replayed and hold. */
  readonly held: number;
}

/** What the gate looks at: each entry's trace judged again, and a campaign's findings. */
export interface GateEvidence {
  /** By signature of the entry: the findings of its trace. */
  readonly replays: ReadonlyMap<string, readonly JudgedFinding[]>;
  readonly campaign: readonly CampaignFinding[];
}

/**
 * Compares what was found with what is accepted. Pure. An entry whose trace shows the symptom and
 * cause with another verdict has changed, one whose trace shows it no more has vanished; any
 * signature that no entry names is new, be it found by an entry's trace or by the campaign.
 */
export function judgeGate(baseline: Baseline, evidence: GateEvidence): GateOutcome {
  const known = new Set(baseline.entries.map((entry) => entry.signature));
  const problems: GateProblem[] = [];
  const changedTo = new Set<string>();
  for (const entry of baseline.entries) {
    const findings = evidence.replays.get(entry.signature);
    if (findings === undefined) throw new Error(`${entry.signature} was not replayed`);
    const problem = entryProblem(entry, findings);
    if (problem === null) continue;
    problems.push(problem.problem);
    if (problem.became !== null) changedTo.add(problem.became);
  }
  const held = baseline.entries.length - problems.length;
  const reported = new Set(changedTo);
  for (const found of [...[...evidence.replays.values()].flat(), ...evidence.campaign]) {
    if (known.has(found.signature) || reported.has(found.signature)) continue;
    reported.add(found.signature);
    problems.push({ fault: "new", signature: found.signature, detail: found.detail });
  }
  return { passed: problems.length === 0, problems, held };
}

function entryProblem(
  entry: BaselineEntry,
  findings: readonly JudgedFinding[],
): { problem: GateProblem; became: string | null } | null {
  if (findings.some((finding) => finding.signature === entry.signature)) return null;
  const other = findings.find(
    (finding) => finding.symptom === entry.symptom && finding.cause === entry.cause,
  );
  if (other !== undefined) {
    const detail = `its trace now shows ${other.signature}: ${other.detail}`;
    const problem: GateProblem = { fault: "changed", signature: entry.signature, detail };
    return { problem, became: other.signature };
  }
  const seen = [...new Set(findings.map((finding) => finding.signature))];
  const instead = seen.length === 0 ? "nothing" : seen.join(", ");
  const detail = `its trace shows ${instead} on ${entry.before} against ${entry.after}`;
  return { problem: { fault: "vanished", signature: entry.signature, detail }, became: null };
}

/** Adds an entry, or replaces the one of the same signature; entries stay sorted by signature. */
export function acceptEntry(baseline: Baseline, entry: BaselineEntry): Baseline {
  const others = baseline.entries.filter((known) => known.signature !== entry.signature);
  const entries = [...others, entry].sort((a, b) => (a.signature < b.signature ? -1 : 1));
  return { ...baseline, entries };
}
