import { EXIT, type Io } from "../io.ts";
import { accessQueue, QUEUE } from "./connect.ts";

export interface QueueStatusOptions {
  readonly redis: string;
  readonly json?: boolean;
}

/** Says how many ranges wait, are worked on, are done or failed, and how many workers there are. */
export async function queueStatus(io: Io, options: QueueStatusOptions): Promise<number> {
  const { bullmq, options: access } = await accessQueue(options.redis);
  const queue = new bullmq.Queue(QUEUE, access);
  try {
    const counts = await queue.getJobCounts("waiting", "active", "completed", "failed");
    const { waiting = 0, active = 0, completed = 0, failed = 0 } = counts;
    const workers = await queue.getWorkersCount();
    const status = { waiting, active, completed, failed, workers };
    const text = Object.entries(status).map(([name, count]) => `${name.padEnd(10)}${count}`);
    await io.out(options.json === true ? `${JSON.stringify(status)}\n` : `${text.join("\n")}\n`);
    return EXIT.ok;
  } finally {
    await queue.close();
  }
}
