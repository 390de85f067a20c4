import type { Piscina } from "piscina";
import type { Executor, Stop } from "../../fuzz/executor.ts";
import { rangeText } from "../../fuzz/ranges.ts";
import type { RunRange, Occurrences, Tally } from "../../fuzz/tally.ts";
import type { CampaignFinding } from "../oracle/finding.ts";
import { oneLine } from "./io.ts";
import { startThreads } from "./threads.ts";
import type { WorkerAnswer, WorkerSetup, WorkerTask } from "./workertask.ts";

/** A task that ended so many threads ends the campaign: it is the task, not bad luck. */
const MOST_CRASHES = 3;

/** Spreads a campaign over worker threads. A thread that dies is replaced, its task done again. */
export class ThreadExecutor implements Executor {
  readonly jobs: number;
  /** The threads themselves. */
  readonly pool: Piscina<WorkerTask, WorkerAnswer>;
  private readonly onCrash: (line: string) => void;

  /** `filename` is the worker's bundle; `onCrash` is told of a dead thread in one line. */
  constructor(filename: string, setup: WorkerSetup, jobs: number, onCrash: (line: string) => void) {
    this.jobs = jobs;
    this.onCrash = onCrash;
    this.pool = startThreads(filename, setup, jobs, (error) =>
      onCrash(`a worker crashed (${reason(error)})`),
    );
  }

  async tally(range: RunRange, { signal }: Stop): Promise<Tally | null> {
    const answer = await this.done({ kind: "tally", range }, rangeText(range), signal);
    return answer?.kind === "tally" ? answer.tally : null;
  }

  async shrink(
    signature: string,
    seen: Occurrences,
    signal?: AbortSignal,
    mostMs?: number,
  ): Promise<CampaignFinding | null> {
    const task = { kind: "shrink", signature, seen, mostMs } as const;
    const answer = await this.done(task, `shrinking ${signature}`, signal);
    return answer?.kind === "finding" ? answer.finding : null;
  }

  /** Ends the threads, whatever they are at. */
  async close(): Promise<void> {
    await this.pool.destroy();
  }

  private async done(
    task: WorkerTask,
    what: string,
    signal: AbortSignal | undefined,
  ): Promise<WorkerAnswer | null> {
    const isOver = () => signal?.aborted === true;
    for (let crashes = 1; !isOver(); crashes++) {
      try {
        const answer = await this.pool.run(task, signal === undefined ? {} : { signal });
        if (answer.kind === "fault") throw new Error(`${what}: ${answer.stack}`);
        return answer;
      } catch (error) {
        if (isOver()) return null;
        if (!isCrash(error)) throw error;
        if (crashes === MOST_CRASHES) {
          throw new Error(`${what}: ended ${crashes} workers`, { cause: error });
        }
        this.onCrash(`a worker crashed (${reason(error)}): ${what} again`);
      }
    }
    return null;
  }
}

function isCrash(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.message.startsWith("worker exited with code") ||
      ("code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY"))
  );
}

const reason = (error: unknown) => oneLine(error instanceof Error ? error.message : String(error));
