import { setTimeout as sleep } from "node:timers/promises";
import { type WrittenTally, writtenTally } from "../../../fuzz/journal.ts";
import { tallyRuns } from "../../../fuzz/executor.ts";
import type { Differential } from "../../../fuzz/differential.ts";
import { probeOf } from "../../../fuzz/plan.ts";
import { sourceOf } from "../../../fuzz/guided.ts";
import type { Tally } from "../../../fuzz/tally.ts";
import { openPair } from "../backends.ts";
import { differentialOf } from "../campaign.ts";
import { EXIT, type Io } from "../io.ts";
import { accessQueue, complainOnce, QUEUE } from "./connect.ts";
import { type RangeJob, rangeJobSchema } from "./rangejob.ts";

export interface QueueWorkerOptions {
  readonly redis: string;
  /** Seconds after which a silent worker's range is taken over. */
  readonly stalled: number;
  /** Seconds without work after which to end. */
  readonly idle?: number;
}

/** How often a worker looks whether it is to end, in milliseconds. */
const LOOK_MS = 100;
/** A range is taken over however often its worker dies; what is wrong with it fails by itself. */
const MOST_STALLS = 1000;

/** Works on the ranges of a queue until it is interrupted, or idle for too long. */
export async function queueWorker(io: Io, options: QueueWorkerOptions): Promise<number> {
  const { bullmq, options: access } = await accessQueue(options.redis);
  const differentials = new Map<string, Promise<Differential>>();
  const done = { ranges: 0, active: 0, busyAt: performance.now() };
  const work = async (job: { readonly data: unknown }): Promise<WrittenTally> => {
    done.active += 1;
    try {
      return writtenTally(await tallyOf(rangeJobSchema.parse(job.data), differentials));
    } finally {
      done.active -= 1;
      done.ranges += 1;
      done.busyAt = performance.now();
    }
  };
  const worker = new bullmq.Worker<RangeJob, WrittenTally>(QUEUE, work, {
    ...access,
    lockDuration: options.stalled * 1000,
    stalledInterval: options.stalled * 1000,
    maxStalledCount: MOST_STALLS,
  });
  worker.on("error", complainOnce(io));
  const idleMs = (options.idle ?? Infinity) * 1000;
  const isIdle = () => done.active === 0 && performance.now() - done.busyAt >= idleMs;
  while (!io.interrupted.aborted && !isIdle()) await sleep(LOOK_MS);
  // The range in hand is finished first: it is short, and nobody need do it again.
  await worker.close(done.active === 0);
  io.err(`${done.ranges} ranges done\n`);
  return io.interrupted.aborted ? EXIT.interrupted : EXIT.ok;
}

async function tallyOf(
  job: RangeJob,
  differentials: Map<string, Promise<Differential>>,
): Promise<Tally> {
  const key = JSON.stringify([job.before, job.after, job.seed, job.source, job.probe]);
  const differential = differentials.get(key) ?? checkedDifferential(job);
  differentials.set(key, differential);
  return tallyRuns(job.seed, job.from, job.to, await differential, sourceOf(job.source, []));
}

async function checkedDifferential({
  before,
  after,
  seed,
  source,
  probe,
}: RangeJob): Promise<Differential> {
  const differential = differentialOf(await openPair({ before, after }));
  if ((await probeOf(seed, sourceOf(source, []), differential)) === probe) return differential;
  throw new Error("this worker's build answers the same runs differently (update it)");
}
