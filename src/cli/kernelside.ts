import type { KernelBackend } from "../../kernel/backend.ts";
import type { RunningKernel } from "../../kernel/assemble.ts";
import { type KernelOption, neededBy } from "../../kernel/lacks.ts";
import type { TraceFailure, TraceOutcome } from "../../kernel/runner.ts";
import type { Backend } from "../backend.ts";
import type { Design, Recording } from "../trace/recording.ts";
import type { Trace } from "../trace/trace.ts";
import { UserError } from "../usererror.ts";

/** How many outcomes are kept; a campaign asks again for what it has just seen. */
const KEPT = 2000;

/**
 * A kernel as commands use it: traces that are known beforehand run as one batch, which is many
 * times faster than one by one, and what was recorded is not run again.
 */
export class KernelSide implements Backend {
  readonly id: string;
  /** Traces that the kernel could not finish, once each. */
  readonly lost: TraceFailure[] = [];
  readonly #backend: KernelBackend;
  readonly #outcomes = new Map<string, TraceOutcome>();

  constructor(backend: KernelBackend) {
    this.id = backend.id;
    this.#backend = backend;
  }

  /** What design runs; known once it is identified. */
  get design(): Design {
    const { design } = this.#backend;
    if (design === undefined) throw new Error(`${this.id} has not been identified yet`);
    return design;
  }

  /** What the kernel found wrong with itself at boot. */
  get atBoot(): ReadonlySet<string> {
    return this.#backend.atBoot;
  }

  /** The options that it was built without; known once it is identified. */
  get lacks(): ReadonlySet<KernelOption> {
    return this.#backend.lacks;
  }

  /** The option that it was built without and some op of a trace needs, or null. */
  lacking({ ops }: Trace): KernelOption | null {
    return ops.map((op) => neededBy(op, this.lacks)).find((option) => option !== null) ?? null;
  }

  /** The kernel that runs; boots it if it does not. */
  identify(): Promise<RunningKernel> {
    return this.#backend.identify();
  }

  /** Runs the traces in one batch, so that asking for each of them is instant. */
  async prepare(traces: readonly Trace[]): Promise<void> {
    const fresh = new Map(
      traces.map((trace) => [keyOf(trace), trace] as const).filter(([k]) => !this.#outcomes.has(k)),
    );
    const outcomes = await this.#backend.recordMany([...fresh.values()]);
    for (const [index, key] of [...fresh.keys()].entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined) throw new Error("a batch has an outcome for every trace");
      if ("failure" in outcome) this.lost.push(outcome.failure);
      this.#outcomes.set(key, outcome);
    }
    for (const key of this.#outcomes.keys()) {
      if (this.#outcomes.size <= Math.max(KEPT, traces.length)) break;
      this.#outcomes.delete(key);
    }
  }

  /** The recording of a trace under its own name, or why there is none. */
  async outcome(trace: Trace): Promise<TraceOutcome> {
    if (!this.#outcomes.has(keyOf(trace))) await this.prepare([trace]);
    const outcome = this.#outcomes.get(keyOf(trace));
    if (outcome === undefined) throw new Error("a trace has an outcome once it ran");
    return "failure" in outcome ? outcome : { recording: { ...outcome.recording, trace } };
  }

  /** Records a trace; one that the kernel cannot finish is one line for the user. */
  async record(trace: Trace): Promise<Recording> {
    const outcome = await this.outcome(trace);
    if ("recording" in outcome) return outcome.recording;
    throw new UserError(`${this.id}: ${trace.name}: ${outcome.failure.why}`);
  }

  close(): Promise<void> {
    return this.#backend.close();
  }
}

function keyOf({ world, ops }: Trace): string {
  return JSON.stringify([world, ops]);
}
