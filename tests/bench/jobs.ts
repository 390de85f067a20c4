/**
 * What a thread more is worth to a campaign: `npm run build && npx tsx tests/bench/jobs.ts [RUNS [JOBS]]`.
 * The same runs are done by this thread alone and by an executor of threads. Wall clocks tell the truth on
 * a quiet machine only, so three things are taken that hold on a busy one too: the processor time of
 * both (what the threads cost each other, in caches, in messages, in starting), the share of the
 * time that threads had work in hand, and the speed-up that follows from the two where every thread
 * has a core to itself.
 */
import { availableParallelism, loadavg } from "node:os";
import { runCampaign } from "../../fuzz/campaign.ts";
import { type Executor, localExecutor } from "../../fuzz/executor.ts";
import type { Differential } from "../../fuzz/differential.ts";
import { openPair } from "../../src/cli/backends.ts";
import { differentialOf } from "../../src/cli/campaign.ts";
import { threadFile } from "../../src/cli/files.ts";
import { type Spent, stopwatch } from "../../src/cli/processortime.ts";
import { ThreadExecutor } from "../../src/cli/threadexecutor.ts";

const RUNS = Number(process.argv[2] ?? 20_000);
const JOBS = Number(process.argv[3] ?? Math.max(2, availableParallelism()));
const WARM_UP = 1_000;

interface Cost extends Spent {
  /** Share of the executor's time in which a thread had a range or a finding in hand. */
  readonly busy: number;
  readonly digest: string;
}

/** An executor that adds up how long its members had something to do. */
function watched(executor: Executor): { readonly executor: Executor; busyMs(): number } {
  let busyMs = 0;
  const timed = async <T>(work: Promise<T>): Promise<T> => {
    const began = performance.now();
    const done = await work;
    busyMs += performance.now() - began;
    return done;
  };
  return {
    executor: {
      jobs: executor.jobs,
      tally: (range, stop) => timed(executor.tally(range, stop)),
      shrink: (signature, seen, signal) => timed(executor.shrink(signature, seen, signal)),
    },
    busyMs: () => busyMs,
  };
}

async function cost(runs: number, differential: Differential, team: Executor): Promise<Cost> {
  const { executor, busyMs } = watched(team);
  const spent = stopwatch();
  const { campaign } = await runCampaign({ ...identity, runs, differential, executor });
  const { processorMs, clockMs } = spent();
  const busy = busyMs() / (clockMs * executor.jobs);
  return { processorMs, clockMs, busy, digest: campaign.digest };
}

function said(name: string, { processorMs, clockMs }: Cost): string {
  const [processor, clock] = [processorMs, clockMs].map((ms) => (ms / 1000).toFixed(1));
  return `${name}: ${processor} s of processor, ${clock} s by the clock`;
}

const pair = await openPair({ before: "legacy", after: "modern" });
const identity = {
  before: pair.before.id,
  after: pair.after.id,
  seed: 1,
  source: "plain",
  corpus: [],
  programs: {},
} as const;
const differential = differentialOf(pair);
const local = localExecutor(identity.seed, differential);
const pool = new ThreadExecutor(threadFile("worker"), identity, JOBS, console.error);
await cost(WARM_UP, differential, local);
await cost(WARM_UP * JOBS, differential, pool);
const alone = await cost(RUNS, differential, local);
const together = await cost(RUNS, differential, pool);
await pool.close();
if (alone.digest !== together.digest) throw new Error("the digests differ");
const load = loadavg()[0] ?? 0;
console.log(`${RUNS} runs, ${availableParallelism()} cores, load ${load.toFixed(1)}, one digest`);
console.log(said("1 job", alone));
console.log(said(`${JOBS} jobs`, together));
console.log(`the threads had work in hand ${Math.round(together.busy * 100)} % of the time`);
const free = JOBS * (alone.processorMs / together.processorMs) * together.busy;
console.log(`${free.toFixed(2)} times as fast where each thread has a core to itself`);
console.log(
  `${(alone.clockMs / together.clockMs).toFixed(2)} times as fast by the clock, here and now`,
);
