import type { Job, Queue, QueueEvents } from "bullmq";
import { type Executor, localExecutor } from "../../../fuzz/executor.ts";
import type { Differential } from "../../../fuzz/differential.ts";
import type { CampaignPlan } from "../../../fuzz/plan.ts";
import { rangeText } from "../../../fuzz/ranges.ts";
import { sourceOf } from "../../../fuzz/guided.ts";
import type { RunRange, Tally } from "../../../fuzz/tally.ts";
import { UserError } from "../../usererror.ts";
import { oneLine } from "../io.ts";
import { type RangeJob, rangeJobId, rangeResultSchema } from "./rangejob.ts";

/** How many ranges wait in the queue at a time. */
const WINDOW = 64;
/** How long to wait for news of a range before looking at it again. */
const LOOK_MS = 1000;
/** Results stay for whoever submits the same range again. */
const KEEP_SECONDS = 86_400;

/** Has ranges tallied by the workers of a queue, and shrinks here. */
export class QueueExecutor implements Executor {
  readonly jobs = WINDOW;
  readonly shrink: Executor["shrink"];
  private readonly plan: CampaignPlan;
  private readonly queue: Queue<RangeJob>;
  private readonly events: QueueEvents;

  private readonly aborted: Promise<null>;
  private readonly asked = new Set<Promise<unknown>>();
  private isOver = false;

  /** After `signal` no more is asked of the queue, and what was asked comes to nothing. */
  constructor(
    plan: CampaignPlan,
    differential: Differential,
    queue: Queue<RangeJob>,
    events: QueueEvents,
    signal: AbortSignal,
  ) {
    this.plan = plan;
    this.queue = queue;
    this.events = events;
    this.shrink = localExecutor(plan.seed, differential, sourceOf(plan.source, [])).shrink;
    // Every range in the window listens for its own end.
    queue.setMaxListeners(0);
    events.setMaxListeners(0);
    this.aborted = new Promise((resolve) => {
      const stop = () => {
        this.isOver = true;
        resolve(null);
      };
      if (signal.aborted) stop();
      signal.addEventListener("abort", stop, { once: true });
    });
  }

  tally(range: RunRange): Promise<Tally | null> {
    const result = this.result(range);
    this.asked.add(result);
    return Promise.race([result, this.aborted]);
  }

  /** Resolves when nothing uses the queue any more, so that it can be closed. */
  async close(): Promise<void> {
    this.isOver = true;
    await Promise.allSettled(this.asked);
  }

  private async result({ from, to }: RunRange): Promise<Tally | null> {
    const { before, after, seed, source, probe } = this.plan;
    const range = { from, to };
    const data = { before, after, seed, source, probe, from, to };
    const options = {
      jobId: rangeJobId(this.plan, range),
      removeOnComplete: { age: KEEP_SECONDS },
    };
    for (let retried = false; !this.isOver; ) {
      // Adding what is there already changes nothing.
      const job = await this.queue.add("range", data, options);
      const outcome = await this.outcomeOf(job, range);
      if (outcome.kind === "done") return outcome.tally;
      if (outcome.kind === "later") continue;
      if (retried) throw new UserError(`queue: ${rangeText(range)}: ${outcome.reason}`);
      // It may have failed in an earlier session, for a reason that is gone.
      await job.retry("failed");
      retried = true;
    }
    return null;
  }

  private async outcomeOf(job: Job<RangeJob>, range: RunRange): Promise<Outcome> {
    try {
      const value: unknown = await job.waitUntilFinished(this.events, LOOK_MS);
      const tally = rangeResultSchema.parse(value);
      const [only, more] = tally.ranges;
      if (more === undefined && only?.from === range.from && only.to === range.to) {
        return { kind: "done", tally };
      }
      return { kind: "failed", reason: "the queue holds the tally of other runs" };
    } catch (error) {
      if (!(await job.isFailed())) return { kind: "later" };
      return {
        kind: "failed",
        reason: oneLine(error instanceof Error ? error.message : `${error}`),
      };
    }
  }
}

type Outcome =
  | { readonly kind: "done"; readonly tally: Tally }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "later" };
