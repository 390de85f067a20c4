import type { Backend } from "../backend.ts";
import type { MemtypeWatcher } from "../pat/memtype.ts";
import type { Recording, Step } from "../trace/recording.ts";
import type { Trace, World } from "../trace/trace.ts";
import { type DesignSpec, Machine } from "./machine.ts";
import { snapshot } from "./snapshot.ts";

/** Options of a model's recording. */
export interface RecordOptions {
  /** Show tracking contexts with their krefs; no kernel can, so compared recordings do not. */
  readonly contexts?: boolean;
  /** Tell every request for a cache mode, and what decided it; compared recordings do not. */
  readonly requests?: boolean;
}

/** Runs a trace on a fresh machine, a step per op, each when it is asked for. */
export function* stepsOn(
  machine: Machine,
  trace: Trace,
  options: RecordOptions = {},
): Generator<Step> {
  if (options.requests === true) machine.memtype.requests = [];
  let last: Step | null = null;
  for (const op of trace.ops) {
    last = snapshot(machine, machine.apply(op), options.contexts === true, last);
    yield last;
  }
}

/** Runs a trace on a fresh machine; all steps at once. */
export function recordOn(machine: Machine, trace: Trace, options: RecordOptions = {}): Step[] {
  return [...stepsOn(machine, trace, options)];
}

/** A model as a backend: every trace gets a machine of its own. */
export interface ModelBackend extends Backend {
  readonly design: "vm-pat" | "kref";
  /** A fresh machine; `watcher` is told of every change of its memtype list. */
  machine(world: World, watcher?: MemtypeWatcher | null): Machine;
  recordSync(trace: Trace, options?: RecordOptions): Recording;
  /**
   * Where the design is not ours: whatever runs the machine must do so in here, and is ended when
   * it takes too long. `what` is what was asked, for the user.
   */
  guarded?<T>(what: string, work: () => T): T;
}

/** Makes a backend of a design: what it does is all in `spec`. */
export function modelBackend(
  id: string,
  design: "vm-pat" | "kref",
  spec: DesignSpec,
): ModelBackend {
  const machine = (world: World, watcher: MemtypeWatcher | null = null) =>
    new (spec.parts?.machine ?? Machine)(world, spec, watcher);
  const recordSync = (trace: Trace, options?: RecordOptions): Recording => ({
    format: "pfndiff/recording@1",
    backend: id,
    trace,
    steps: recordOn(machine(trace.world), trace, options),
  });
  return { id, design, machine, recordSync, record: async (t: Trace) => recordSync(t) };
}
