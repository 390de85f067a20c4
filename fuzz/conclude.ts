import type { CampaignFinding } from "../src/oracle/finding.ts";
import { type Executor, findingIn } from "./executor.ts";
import type { Differential } from "./differential.ts";
import { GOALS, type Goal } from "./goals.ts";
import { traceOfRun } from "./traceofrun.ts";
import type { TraceSource } from "./sources.ts";
import { residualOf } from "./residual.ts";
import { type Campaign, campaignDigest, type LeftOut } from "./summary.ts";
import { runsOf, type Occurrences, type Tally } from "./tally.ts";

/** What makes two campaigns the same one. */
export interface CampaignIdentity {
  /** Ids of the backends. */
  readonly before: string;
  readonly after: string;
  /** A safe integer >= 0. */
  readonly seed: number;
}

export interface ConcludeOptions extends CampaignIdentity {
  readonly executor: Executor;
  /** For what the executor could not shrink before the signal came. */
  readonly differential: Differential;
  readonly traceOf?: TraceSource | undefined;
  /** Goals it is not held to. */
  readonly leftOut?: readonly LeftOut[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The campaign of a whole tally: each signature with its minimal trace, and the digest. */
export async function concludeCampaign(
  tally: Tally,
  runMs: number,
  options: ConcludeOptions,
): Promise<Campaign> {
  const { before, after, seed } = options;
  const findings = await findingsOf(tally, options);
  const runs = runsOf(tally);
  const counts = findings.map(({ count }) => count);
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
    notComparable: tally.notComparable,
    residual: residualOf(runs, counts),
    ...(options.signal?.aborted === true ? { interrupted: true as const } : {}),
    retention: tally.retention,
    findings,
  };
}

/** Every signature's finding in ascending order: minimal, or rough from the signal on. */
async function findingsOf(
  { occurrences }: Tally,
  { seed, executor, differential, signal, traceOf = traceOfRun }: ConcludeOptions,
): Promise<CampaignFinding[]> {
  const work = Object.entries(occurrences);
  const findings: CampaignFinding[] = [];
  const queue = work.entries();
  const lane = async () => {
    for (const [index, [signature, seen]] of queue) {
      findings[index] =
        (await shrunk(executor, signature, seen, signal)) ??
        (await findingIn(traceOf(seed, seen.best.run), signature, seen, differential, null));
    }
  };
  await Promise.all(Array.from({ length: executor.jobs }, lane));
  return findings;
}

async function shrunk(
  executor: Executor,
  signature: string,
  seen: Occurrences,
  signal: AbortSignal | undefined,
): Promise<CampaignFinding | null> {
  return signal?.aborted === true ? null : executor.shrink(signature, seen, signal);
}

export function perSecond(ops: number, ms: number): number {
  return ms === 0 ? 0 : Math.round((ops * 1000) / ms);
}
