import { type CampaignFinding, type Side, SIDES } from "../src/oracle/finding.ts";
import type { Trace } from "../src/trace/trace.ts";
import type { Executor } from "./executor.ts";
import type { Differential } from "./differential.ts";
import { GOALS, type Goal } from "./goals.ts";
import { traceOfRun } from "./traceofrun.ts";
import type { TraceSource } from "./sources.ts";
import { residualOf } from "./residual.ts";
import { type Campaign, campaignDigest, type LeftOut } from "./summary.ts";
import { runsOf, type Occurrences, type Tally } from "./tally.ts";
import { findingIn, isPartedSignature, LostFinding } from "./witness.ts";

/** What makes two campaigns the same one. */
export interface CampaignIdentity {
  /** Ids of the backends. */
  readonly before: string;
  readonly after: string;
  /** A safe integer >= 0. */
  readonly seed: number;
}

/** How much work the least traces of findings are worth. */
export interface ShrinkLimits {
  /** Whether a signature's least trace is looked for; the trace of any other is cut after the step that shows it. */
  isWorth(signature: string): boolean;
  /** Milliseconds that are left for all of them. */
  msLeft(): number;
  /** Is told of each for which they did not do. */
  onRough(signature: string): void;
}

export interface ConcludeOptions extends CampaignIdentity {
  readonly executor: Executor;
  /** For what the executor could not shrink before the signal came. */
  readonly differential: Differential;
  readonly traceOf?: TraceSource | undefined;
  /** Goals it is not held to. */
  readonly leftOut?: readonly LeftOut[] | undefined;
  /** Which kernels have no model of their own release, one line each. */
  readonly unverified?: readonly string[] | undefined;
  /** Traces that are known to be the simplest to show a signature, by signature. */
  readonly witnesses?: ReadonlyMap<string, Trace> | undefined;
  readonly limits?: ShrinkLimits | undefined;
  /** Is told whenever one is done. */
  readonly onShrunk?: (() => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The campaign of a whole tally: each signature with its minimal trace, and the digest. */
export async function concludeCampaign(
  tally: Tally,
  runMs: number,
  options: ConcludeOptions,
): Promise<Campaign> {
  const { before, after, seed, unverified = [] } = options;
  const findings = await findingsOf(tally, options);
  const runs = runsOf(tally);
  const counts = findings.filter(({ verdict }) => verdict !== "parted").map(({ count }) => count);
  const reached = GOALS.map((goal, bit) => [goal, tally.goals[bit] ?? 0] as const);
  const unreached = reached.filter(([, n]) => n === 0).map(([goal]) => goal);
  const leftOut = (options.leftOut ?? []).filter(({ goal }) => unreached.includes(goal));
  const isLeftOut = (goal: Goal) => leftOut.some((one) => one.goal === goal);
  return {
    format: "pfndiff/campaign@1",
    before,
    after,
    seed,
    runs,
    ops: tally.ops,
    opsPerSecond: perSecond(tally.ops, runMs),
    digest: campaignDigest({ before, after, seed, runs, findings }),
    goals: Object.fromEntries(reached) as Record<Goal, number>,
    goalsMissed: unreached.filter((goal) => !isLeftOut(goal)),
    ...(leftOut.length === 0 ? {} : { goalsLeftOut: leftOut }),
    ...(unverified.length === 0 ? {} : { unverified: [...unverified] }),
    notComparable: tally.notComparable,
    residual: residualOf(runs, counts),
    ...(options.signal?.aborted === true ? { interrupted: true as const } : {}),
    retention: tally.retention,
    ...(tally.retentionBefore === null ? {} : { retentionBefore: tally.retentionBefore }),
    findings,
  };
}

/**
 * Every signature's finding in ascending order: minimal, or rough from the signal on. What shows
 * only where the sides had parted comes last: it is left out where a finding of the same symptom and
 * cause, before they had, tells what became of it on that side.
 */
async function findingsOf(
  { occurrences }: Tally,
  options: ConcludeOptions,
): Promise<CampaignFinding[]> {
  const all = Object.entries(occurrences).map(([signature, seen]): Work => ({ signature, seen }));
  const isParted = ({ signature }: Work) => isPartedSignature(signature);
  const whole = await findAll(
    all.filter((work) => !isParted(work)),
    options,
  );
  const told = new Set(whole.flatMap(sidesTold));
  const open = all
    .filter(isParted)
    .flatMap(bySide)
    .filter(({ signature, side }) => !told.has(sideKey(keyOf(signature), side)));
  const found = new Map(whole.map((finding) => [finding.signature, finding]));
  for (const finding of await findAll(open, options)) {
    if (!found.has(finding.signature)) found.set(finding.signature, finding);
  }
  return [...found.values()].sort((a, b) => (a.signature < b.signature ? -1 : 1));
}

/** A signature to be shown in the least trace. */
interface Work {
  readonly signature: string;
  readonly seen: Occurrences;
}

/** What is to be said of a parted signature on each side that showed it. */
function bySide({ signature, seen }: Work): (Work & { readonly side: Side })[] {
  return SIDES.flatMap((side) => {
    const best = seen.sides?.[side];
    if (best === undefined) return [];
    return [{ signature, side, seen: { ...seen, best, sides: { [side]: best } } }];
  });
}

const keyOf = (signature: string) => signature.slice(signature.indexOf(":") + 1);
const sideKey = (key: string, side: Side) => `${side} ${key}`;

/** The sides on which a finding says that its symptom and cause show. */
function sidesTold({ verdict, signature, side }: CampaignFinding): string[] {
  const isBoth = verdict === "kept" || verdict === "changed";
  return (isBoth ? SIDES : [side]).map((one) => sideKey(keyOf(signature), one));
}

async function findAll(
  work: readonly Work[],
  options: ConcludeOptions,
): Promise<CampaignFinding[]> {
  const findings: CampaignFinding[] = [];
  const queue = simplestFirst(work).values();
  const lane = async () => {
    for (const one of queue) {
      findings[work.indexOf(one)] = await findOne(one, options);
      options.onShrunk?.();
    }
  };
  await Promise.all(Array.from({ length: options.executor.jobs }, lane));
  return findings;
}

/** Of each verdict and symptom the earliest first, then the others: where time is short, what is left follows. */
function simplestFirst(work: readonly Work[]): Work[] {
  const sorted = [...work].sort((a, b) => a.seen.best.step - b.seen.best.step);
  const kindOf = ({ signature }: Work) => signature.split(":", 2).join(":");
  const kinds = sorted.map(kindOf);
  const isFirst = (index: number) => Number(kinds.indexOf(kinds[index] ?? "") === index);
  const ranked = sorted.map((one, index) => ({ one, first: isFirst(index) }));
  return ranked.sort((a, b) => b.first - a.first).map(({ one }) => one);
}

/** The finding in a trace that is known to be the simplest, or in what the campaign's own shrinks to. */
async function findOne(
  { signature, seen }: Work,
  options: ConcludeOptions,
): Promise<CampaignFinding> {
  const { seed, executor, differential, signal, traceOf = traceOfRun, witnesses, limits } = options;
  const inKnown = async (name: string) => {
    const known = witnesses?.get(name);
    return known === undefined ? null : shownBy(known, name, seen, differential);
  };
  const shown = await inKnown(signature);
  if (shown !== null) return shown;
  const isWorth = limits?.isWorth(signature) ?? true;
  const mostMs = limits?.msLeft() ?? Number.POSITIVE_INFINITY;
  const isOver = signal?.aborted === true || !isWorth || mostMs <= 0;
  const shrunk = isOver ? null : await executor.shrink(signature, seen, signal, mostMs);
  if (isWorth && limits !== undefined && limits.msLeft() <= 0) limits.onRough(signature);
  if (shrunk === null) {
    return findingIn(traceOf(seed, seen.best.run), signature, seen, differential, null);
  }
  // Of a parted one, the search may have found what is told in another trace.
  return shrunk.signature === signature ? shrunk : ((await inKnown(shrunk.signature)) ?? shrunk);
}

/** The finding as a trace shows it that is no run of the campaign; null where it does not. */
async function shownBy(
  trace: Trace,
  signature: string,
  seen: Occurrences,
  differential: Differential,
): Promise<CampaignFinding | null> {
  const best = { ...seen.best, step: trace.ops.length - 1 };
  try {
    return await findingIn(trace, signature, { ...seen, best }, differential, null);
  } catch (error) {
    if (error instanceof LostFinding) return null;
    throw error;
  }
}

export function perSecond(ops: number, ms: number): number {
  return ms === 0 ? 0 : Math.round((ops * 1000) / ms);
}
