import type { RunningKernel } from "../kernel/assemble.ts";
import type { TraceOutcome } from "../kernel/runner.ts";
import type { Backend } from "../src/backend.ts";
import { beyondTrees, type Op } from "../src/trace/op.ts";
import type { Design, Recording } from "../src/trace/recording.ts";
import type { Trace, World } from "../src/trace/trace.ts";
import { UserError } from "../src/usererror.ts";
import { TreeProgram } from "./program.ts";
import { recordingOf } from "./recording.ts";
import { type Asked, type Batch, encodeRequest } from "./wire.ts";

/** What keeps a trace from running on a tree's code, or null. */
export function unfitForTree({ world, ops }: Asked): string | null {
  for (const [index, op] of ops.entries()) {
    const beyond = beyondTrees(op, world);
    if (beyond !== null) return `ops[${index}] is ${beyond}, which a tree cannot do`;
  }
  return null;
}

/** Those of some traces that trees can run, ready to be announced to any number of them. */
export function batchOf(asked: readonly Asked[]): Batch {
  const traces = asked.filter((trace) => unfitForTree(trace) === null);
  return { traces, request: encodeRequest(traces) };
}

/** A kernel tree's own code as a backend: it answers at once, and from a process of its own. */
export class TreeBackend implements Backend {
  readonly design: Design;
  /** Such as 6.12.117. */
  readonly release: string;
  /** A tree finishes every trace: what it dies of is part of the recording. */
  readonly lost = [];
  private readonly running: TreeProgram;

  constructor(
    readonly id: string,
    /** The program, which worker threads start as well. */
    readonly program: string,
    /** Where the program leaves its counts of lines that ran; null for one that does not count. */
    readonly counters: string | null = null,
  ) {
    this.running = new TreeProgram(id, program, counters);
    const { release, hasVmPat } = this.running.hello;
    this.release = release;
    this.design = hasVmPat ? "vm-pat" : "kref";
  }

  identify(): Promise<RunningKernel> {
    return Promise.resolve({ release: this.release, design: this.design });
  }

  /** Whether a tree can run a trace. */
  isFit(trace: Trace): boolean {
    return unfitForTree(trace) === null;
  }

  /** The words of the answer to a trace. Throws UserError for a trace that no tree can run. */
  answerTo(world: World, ops: readonly Op[]): Int32Array {
    const announced = this.running.announced(world, ops);
    if (announced !== null) return announced;
    this.requireFit({ world, ops });
    return this.running.answerTo(world, ops);
  }

  /** Asks for many answers at once, so that each of them is there when it is wanted. */
  prefetch(traces: readonly Asked[]): void {
    for (const trace of traces) this.requireFit(trace);
    this.running.prefetch({ traces, request: encodeRequest(traces) });
  }

  /** Says what will be asked once the traces of the call before are through; the program is at it meanwhile. */
  announce(batch: Batch): void {
    this.running.announce(batch);
  }

  async prepare(traces: readonly Trace[]): Promise<void> {
    this.prefetch(traces);
  }

  recordSync(trace: Trace): Recording {
    return recordingOf({ trace, words: this.answerTo(trace.world, trace.ops) }, this);
  }

  async record(trace: Trace): Promise<Recording> {
    return this.recordSync(trace);
  }

  async outcome(trace: Trace): Promise<TraceOutcome> {
    return { recording: this.recordSync(trace) };
  }

  async close(): Promise<void> {
    if (this.counters === null) this.running.close();
    else await this.running.finish();
  }

  /** The kernel's functions that each op of a trace passes, in the order of their first calls. */
  passedBy(world: World, ops: readonly Op[]): (readonly string[])[] {
    this.requireFit({ world, ops });
    return this.running.passedBy(world, ops);
  }

  private requireFit(trace: Asked): void {
    const why = unfitForTree(trace);
    if (why !== null) throw new UserError(`${this.id}: ${why}`);
  }
}
