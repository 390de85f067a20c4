import type { Recording } from "../src/trace/recording.ts";
import type { Trace } from "../src/trace/trace.ts";
import type { RawTrace } from "./answer.ts";
import { assemble } from "./assemble.ts";
import { Guest, GuestLost, type Limits } from "./guest.ts";
import { UnreadableKernelText } from "./parse/memtype.ts";
import type { MachineParts } from "./qemu.ts";
import { Windows } from "./windows.ts";
import { type PlacedTrace, REQUEST_ROOM, traceBytes } from "./wire.ts";

/** A kernel could not finish a trace: it hung, panicked, or wrote what we cannot read. */
export interface TraceFailure {
  readonly trace: Trace;
  /** `hang`, `died` (a panic ends the machine), `gave-up`, `garbled` or `unreadable`. */
  readonly kind: GuestLost["kind"] | "unreadable";
  readonly why: string;
  /** The op that ran, when the guest said so. */
  readonly op: number | null;
  /** The guest's console, for a report. */
  readonly console: string;
}

/** What became of a trace: its recording, or why there is none. */
export type TraceOutcome = { readonly recording: Recording } | { readonly failure: TraceFailure };

/** A trace that waits, and where its outcome goes. */
export interface Job {
  readonly trace: Trace;
  readonly settle: (outcome: TraceOutcome) => void;
  readonly reject: (error: unknown) => void;
  attempts: number;
}

const BATCH_TRACES = 64;
const BATCH_OPS = 4_000;
/** How often a trace is tried again when it cannot be told whose fault the loss of a guest was. */
const ATTEMPTS = 2;

interface Placed extends PlacedTrace {
  readonly job: Job;
}

/** Whether the kernel warned: it does so once a boot, so what follows it is no longer the truth. */
function warned(recording: Recording): boolean {
  return recording.steps.some((step) => step.events.some((event) => event.kind === "warn"));
}

/**
 * One worker: at most one guest at a time, fed from a shared queue until that is empty. It boots
 * anew when the windows are used up, after a warning, and when the guest is lost.
 */
export class Runner {
  readonly #parts: () => Promise<MachineParts>;
  readonly #limits: Limits;
  readonly #queue: Job[];
  readonly #onBoot: (guest: Guest) => void;
  #guest: Guest | null = null;
  #windows: Windows | null = null;
  #nextId = 1;

  constructor(
    parts: () => Promise<MachineParts>,
    limits: Limits,
    queue: Job[],
    onBoot: (guest: Guest) => void,
  ) {
    this.#parts = parts;
    this.#limits = limits;
    this.#queue = queue;
    this.#onBoot = onBoot;
  }

  /** Works until the queue is empty. Rejects when no guest comes up. */
  async drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const guest = await this.boot();
      const batch = this.#takeBatch();
      if (batch.length === 0) {
        await this.close();
        continue;
      }
      try {
        await this.#settle(batch, await guest.run(batch));
      } catch (error) {
        await this.close();
        this.#afterLoss(batch, error);
      }
    }
  }

  /** The guest that runs, booted if there is none. */
  async boot(): Promise<Guest> {
    if (this.#guest !== null) return this.#guest;
    const guest = await Guest.boot(await this.#parts(), this.#limits);
    this.#guest = guest;
    this.#windows = new Windows(guest.regions);
    this.#onBoot(guest);
    return guest;
  }

  async close(): Promise<void> {
    const guest = this.#guest;
    this.#guest = null;
    this.#windows = null;
    await guest?.close();
  }

  /** Jobs from the queue that fit one request and have windows; none when windows are used up. */
  #takeBatch(): Placed[] {
    const batch: Placed[] = [];
    let ops = 0;
    let bytes = 0;
    for (let job = this.#queue[0]; job !== undefined; job = this.#queue[0]) {
      ops += job.trace.ops.length;
      bytes += traceBytes(job.trace);
      const full = batch.length === BATCH_TRACES || ops > BATCH_OPS || bytes > REQUEST_ROOM;
      if (full && batch.length > 0) break;
      const window = this.#windows?.take(job.trace.world) ?? null;
      if (window === null) break;
      this.#queue.shift();
      batch.push({ id: this.#nextId++, trace: job.trace, window, job });
    }
    return batch;
  }

  async #settle(batch: readonly Placed[], raws: readonly RawTrace[]): Promise<void> {
    for (const [index, placed] of batch.entries()) {
      const outcome = this.#outcome(placed, raws[index]);
      placed.job.settle(outcome);
      if ("recording" in outcome && warned(outcome.recording)) {
        this.#queue.unshift(...batch.slice(index + 1).map(({ job }) => job));
        await this.close();
        return;
      }
    }
  }

  #outcome({ trace, window }: Placed, raw: RawTrace | undefined): TraceOutcome {
    if (raw === undefined || this.#windows === null || this.#guest === null) {
      throw new Error("an answer for a trace that did not run");
    }
    try {
      const place = this.#windows.locate(trace.world, window);
      return { recording: assemble(trace, raw, place, this.#guest.kernel) };
    } catch (error) {
      if (!(error instanceof UnreadableKernelText)) throw error;
      const why = error.message;
      return { failure: { trace, kind: "unreadable", why, op: null, console: "" } };
    }
  }

  /** Marks the trace that the guest was lost in; the others go back to the queue. */
  #afterLoss(batch: readonly Placed[], error: unknown): void {
    if (!(error instanceof GuestLost)) {
      for (const { job } of batch) job.reject(error);
      return;
    }
    const culprit = batch.find(({ id }) => id === error.traceId);
    const again: Job[] = [];
    for (const placed of batch) {
      const { job, trace } = placed;
      if (culprit === undefined) job.attempts++;
      if (placed === culprit || job.attempts > ATTEMPTS) {
        const { kind, message: why, op, console } = error;
        job.settle({ failure: { trace, kind, why, op, console } });
      } else again.push(job);
    }
    this.#queue.unshift(...again);
  }
}
