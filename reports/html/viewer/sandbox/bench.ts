import { modelNamed, MODELS, NEWEST } from "../../../../src/models.ts";
import { modelOfRelease } from "../../../../src/explain/releases.ts";
import { type Replay, replayOf } from "../../../../src/replay.ts";
import { scenarioNamed } from "../../../../src/scenarios/index.ts";
import { closedTrace } from "../../../../src/trace/closed.ts";
import { type Linked, linkFault, linkTo } from "../../../../src/trace/link.ts";
import { explain, type Sides } from "../../../../src/trace/read.ts";
import type { Design } from "../../../../src/trace/recording.ts";
import { type Trace, traceSchema } from "../../../../src/trace/trace.ts";
import { UserError } from "../../../../src/usererror.ts";
import type { CampaignSummary, ReportFinding, SideRecording } from "../../../data.ts";
import { cProgram } from "../../../repro/c.ts";

/** What is on the bench: a trace, and the two models it runs on. */
export interface Bench extends Sides {
  readonly trace: Trace;
}

/** Why a bench cannot run, and at which op, where it is one's. */
export interface BenchFault {
  readonly message: string;
  readonly op: number | null;
}

export type Run =
  | { readonly ok: true; readonly replay: Replay }
  | { readonly ok: false; readonly fault: BenchFault };

const RECORD = { contexts: true, requests: true } as const;

/** Runs the models of a bench and judges them; what is not valid runs nowhere. */
export function runBench({ before, after, trace }: Bench): Run {
  const [left, right] = [modelNamed(before), modelNamed(after)];
  for (const [id, model] of [[before, left] as const, [after, right] as const]) {
    if (model === undefined) return faulty(`there is no model ${JSON.stringify(id)} in this page`);
  }
  if (left === undefined || right === undefined) throw new Error("both models are there");
  const parsed = traceSchema.safeParse(trace);
  if (!parsed.success) {
    const [place, message] = explain(parsed.error, trace);
    const op = /^ops\[(\d+)\]/.exec(place)?.[1];
    return faulty(`${place}: ${message}`, op === undefined ? null : Number(op));
  }
  const tooLarge = linkFault(trace);
  if (tooLarge !== null) return faulty(tooLarge);
  const replay = replayOf(left.recordSync(trace, RECORD), right.recordSync(trace, RECORD));
  return { ok: true, replay };
}

function faulty(message: string, op: number | null = null): Run {
  return { ok: false, fault: { message, op } };
}

/** A C program for the first finding that user space can see; else why there is none. */
export function benchProgram(
  bench: Bench,
  { findings }: Replay,
): { readonly text: string } | { readonly why: string } {
  const [left, right] = [modelNamed(bench.before), modelNamed(bench.after)];
  if (left === undefined || right === undefined) throw new Error("a bench that ran has its models");
  const closed = closedTrace(bench.trace);
  const recorded = {
    before: left.recordSync(closed, RECORD),
    after: right.recordSync(closed, RECORD),
  };
  let why = "This trace shows no finding, so there is nothing that a program could check.";
  for (const finding of findings) {
    try {
      return { text: cProgram({ ...recorded, finding: { ...finding, trace: bench.trace } }) };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      why = `${error.message}.`;
    }
  }
  return { why };
}

/** What the sandbox opens with: the leak that the series fixed. */
export function openingBench(
  sides: Sides = { before: NEWEST.legacy, after: NEWEST.modern },
): Linked {
  const { trace } = scenarioNamed("munmap-head");
  // Where the leak shows.
  return { ...sides, trace, step: 3 };
}

/** The address at which the sandbox has a finding on its bench. */
export function tryLink(campaign: CampaignSummary, finding: ReportFinding): string {
  return linkTo({ ...modelSides(campaign, finding), trace: finding.trace, step: finding.step });
}

/**
 * The address at which the sandbox has the end of a trace that a design of the arena runs, beside a shipped
 * design that it is not: what never shipped comes after.
 */
export function designLink(design: string, trace: Trace): string {
  const { legacy, modern } = NEWEST;
  const isShipped = design === "legacy" || design === "modern";
  const sides = isShipped
    ? { before: legacy, after: modern }
    : { before: modern, after: `variant:${design}` };
  return linkTo({ ...sides, trace, step: trace.ops.length - 1 });
}

/** The models that stand for what ran on a finding's sides. */
export function modelSides(
  campaign: Pick<CampaignSummary, "before" | "after">,
  { before, after }: Record<"before" | "after", SideRecording>,
): Sides {
  return {
    before: modelFor(before.backend ?? campaign.before, before, NEWEST.legacy),
    after: modelFor(after.backend ?? campaign.after, after, NEWEST.modern),
  };
}

/** A model of that name, of the kernel's release, or of the design that showed. */
function modelFor(backend: string, { kernel, design }: SideRecording, standard: string): string {
  const release = kernel ?? /^kernel:(.*)/.exec(backend)?.[1];
  const model = modelNamed(backend) ?? (release === undefined ? null : modelOfRelease(release));
  if (model !== null && model !== undefined) return model.id;
  return design === undefined ? standard : NEWEST_OF[design];
}

const NEWEST_OF: Readonly<Record<Design, string>> = {
  "vm-pat": NEWEST.legacy,
  kref: NEWEST.modern,
};

/** Every model, in the groups in which a reader looks for one. */
export function modelGroups(): readonly {
  readonly name: string;
  readonly ids: readonly string[];
}[] {
  const isRelease = (id: string) => /^(legacy|modern)@[\d.]+$/.test(id);
  const ids = (test: (id: string, design: Design) => boolean) =>
    MODELS.filter(({ id, design }) => test(id, design)).map(({ id }) => id);
  return [
    { name: "Releases with VM_PAT", ids: ids((id, d) => isRelease(id) && d === "vm-pat") },
    { name: "Releases with contexts", ids: ids((id, d) => isRelease(id) && d === "kref") },
    { name: "Designs that never shipped", ids: ids((id) => !isRelease(id)) },
  ];
}
