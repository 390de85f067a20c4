import { z } from "zod";
import type { CampaignFinding, JudgedFinding } from "./oracle/finding.ts";
import { type Symptom, SYMPTOMS, VERDICTS } from "./oracle/severity.ts";
import type { Sides } from "./trace/read.ts";
import { boundsSchema, boundsText, type PlainBounds } from "./trace/bounds.ts";
import { type Trace, traceSchema } from "./trace/trace.ts";

const words = z.string().trim().min(1);

/** A kernel release by its first two numbers, such as `6.17`. */
const release = z.string().regex(/^\d+\.\d+$/, "must be a release such as 6.17");

/** One accepted divergence: what it is, the least that shows it, and why it is accepted. */
export const baselineEntrySchema = z
  .strictObject({
    signature: words,
    /** What shows only where the sides had parted is no divergence that anyone could accept. */
    verdict: z.enum(VERDICTS).exclude(["parted"]),
    symptom: z.enum(SYMPTOMS),
    cause: words,
    /** Ids of the backends the trace is replayed on: the pair for which the entry holds. */
    before: words,
    after: words,
    /** The first release of either side's design from which on it holds too; without, for its pair alone. */
    from: z.strictObject({ before: release, after: release }).optional(),
    reason: words,
    /** Upstream reference: `<12 digits> ("title")` of a commit, or a whole Message-Id; none where none was found. */
    ref: words.optional(),
    /** It was seen on models alone, and no kernel was asked. */
    evidence: z.literal("models").optional(),
    trace: traceSchema,
    /** Bounds of an exploration within which no sequence of fewer ops shows it than its trace has. */
    proven: boundsSchema.optional(),
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
      const key = JSON.stringify([entry.signature, entry.before, entry.after]);
      if (seen.has(key)) {
        const message = `${entry.signature} is listed twice`;
        context.addIssue({ code: "custom", path: ["entries", index, "signature"], message });
      }
      seen.add(key);
    });
  });

export type BaselineEntry = z.infer<typeof baselineEntrySchema>;
export type Baseline = z.infer<typeof baselineSchema>;

/** Whether a reference can be looked up: `<12 digits> ("title")` of a commit, or a whole Message-Id. */
export function isReference(ref: string): boolean {
  return /^[0-9a-f]{12} \(\x22.+\x22\)$/.test(ref) || /^[^\s@<>]+@[^\s@<>]+$/.test(ref);
}

const MODEL_ID = /^(legacy|modern)@(\d+)\.(\d+)$/;

/** Whether a backend is a release of the same design as another, from a release on. */
function isFrom(id: string, other: string, first: string): boolean {
  const [mine, its] = [MODEL_ID.exec(id), MODEL_ID.exec(other)];
  if (mine === null || its === null || mine[1] !== its[1]) return false;
  const [major = 0, minor = 0] = first.split(".").map(Number);
  const [ownMajor, ownMinor] = [Number(mine[2]), Number(mine[3])];
  return ownMajor === major ? ownMinor >= minor : ownMajor > major;
}

/** Whether an entry holds for two sides, by the ids of their models. */
export function holdsFor({ before, after, from }: BaselineEntry, sides: Sides): boolean {
  if (before === sides.before && after === sides.after) return true;
  if (from === undefined) return false;
  return isFrom(sides.before, before, from.before) && isFrom(sides.after, after, from.after);
}

/** What of a baseline holds for a pair; of two entries for one signature the pair's own. */
export function baselineOf(baseline: Baseline, sides: Sides): Baseline {
  const entries = new Map<string, BaselineEntry>();
  for (const entry of baseline.entries) {
    if (!holdsFor(entry, sides)) continue;
    const isOwn = entry.before === sides.before && entry.after === sides.after;
    if (isOwn || !entries.has(entry.signature)) entries.set(entry.signature, entry);
  }
  return { ...baseline, entries: [...entries.values()] };
}

/** The trace of each entry, which shows its signature in the simplest way that is known. */
export function witnessesOf({ entries }: Baseline): ReadonlyMap<string, Trace> {
  return new Map(entries.map(({ signature, trace }) => [signature, trace]));
}

/** Why an entry is accepted, with the releases for which it holds, what it rests on and how short it can be. */
export function reasonOf(entry: BaselineEntry): string {
  const { reason, from, before, after, evidence, proven } = entry;
  const side = (id: string, first: string) => `${id.split("@")[0]} from ${first} on`;
  const where =
    from === undefined
      ? []
      : [`Holds for ${side(before, from.before)} against ${side(after, from.after)}.`];
  const seen = evidence === undefined ? [] : ["Seen on models only."];
  const shortest =
    proven === undefined ? [] : [`No shorter sequence shows it (${scopeText(proven)}).`];
  return [reason, ...where, ...seen, ...shortest].join(" ");
}

function scopeText(bounds: PlainBounds): string {
  const groups = bounds.with ?? [];
  const letters = groups.length > 3 ? `${groups.length} groups of letters` : groups.join(", ");
  return `${boundsText(bounds)}${letters === "" ? "" : `, with ${letters}`}`;
}

const NEVER_PASSED: readonly Symptom[] = ["crash", "bug", "kernel-leak"];

/** Whether a finding is one that nobody has accepted, by the baseline of its pair. */
export function isUnexpected(
  { entries }: Baseline,
  { signature, verdict }: Pick<JudgedFinding, "signature" | "verdict">,
): boolean {
  const isAccepted = entries.some((entry) => entry.signature === signature);
  // That a kernel's own code crashes is a fault, whoever shares it and however the sides came there.
  if (NEVER_PASSED.some((symptom) => signature.split(":")[1] === symptom)) return !isAccepted;
  if (verdict === "parted") return false;
  // A fault that both sides share is no news to a pair for which nobody has begun a baseline.
  if (entries.length === 0) return verdict !== "kept";
  return !isAccepted;
}

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
 * Compares what was found with what is accepted of this pair. Pure. An entry whose trace shows the
 * symptom and cause with another verdict has changed, one whose trace shows it no more has vanished;
 * any other signature that no entry names is new, be it found by an entry's trace or by the campaign.
 */
export function judgeGate(baseline: Baseline, evidence: GateEvidence): GateOutcome {
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
    if (!isUnexpected(baseline, found) || reported.has(found.signature)) continue;
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
    ({ symptom, cause, verdict }) =>
      symptom === entry.symptom && cause === entry.cause && verdict !== "parted",
  );
  if (other !== undefined) {
    const detail = `its trace now shows ${other.signature}: ${other.detail}`;
    const problem: GateProblem = { fault: "changed", signature: entry.signature, detail };
    return { problem, became: other.signature };
  }
  const seen = [...new Set(findings.map((finding) => finding.signature))];
  const instead = seen.length === 0 ? "nothing" : seen.join(", ");
  const detail = `its trace shows ${instead}`;
  return { problem: { fault: "vanished", signature: entry.signature, detail }, became: null };
}

/** Adds an entry, or replaces that of the same signature and pair; entries stay sorted by signature. */
export function acceptEntry(baseline: Baseline, entry: BaselineEntry): Baseline {
  const isSame = ({ signature, before, after }: BaselineEntry) =>
    signature === entry.signature && before === entry.before && after === entry.after;
  const others = baseline.entries.filter((known) => !isSame(known));
  const key = ({ signature, before, after }: BaselineEntry) => [signature, before, after].join(" ");
  const entries = [...others, entry].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  return { ...baseline, entries };
}
