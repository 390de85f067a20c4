import { openPair } from "../backends.ts";
import { differentialOf } from "../campaign.ts";
import type { Io } from "../io.ts";
import { beginSession, planOf, workOn } from "../session.ts";
import { type SourceOptions, sourceFor } from "../sourcefor.ts";
import { accessQueue, complainOnce, onRedis, QUEUE } from "./connect.ts";
import { QueueExecutor } from "./queueexecutor.ts";
import type { RangeJob } from "./rangejob.ts";

export interface QueueStartOptions extends SourceOptions {
  readonly redis: string;
  readonly before: string;
  readonly after: string;
  readonly runs: number;
  readonly seed: number;
  readonly chunk: number;
  readonly out: string;
  readonly json?: boolean;
}

/** Hands a campaign's runs to the workers of a queue, and ends it as one process would have. */
export async function queueStart(io: Io, options: QueueStartOptions): Promise<number> {
  const { runs, seed, chunk, out, json } = options;
  const access = await accessQueue(options.redis);
  const pair = await openPair(options);
  const source = sourceFor(pair, options);
  const plan = await planOf(pair, { seed, source, runs, milliseconds: null, shard: null });
  const queue = new access.bullmq.Queue<RangeJob>(QUEUE, access.options);
  const events = new access.bullmq.QueueEvents(QUEUE, access.options);
  const complain = complainOnce(io);
  queue.on("error", complain);
  events.on("error", complain);
  const executor = new QueueExecutor(plan, differentialOf(pair), queue, events, io.interrupted);
  try {
    await events.waitUntilReady();
    const session = await beginSession(io, pair, plan, out);
    try {
      return await onRedis(options.redis, () => workOn(io, session, { executor, chunk, json }));
    } finally {
      await session.journal.close();
    }
  } finally {
    await executor.close();
    await Promise.all([events.close(), queue.close()]);
  }
}
