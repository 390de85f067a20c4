import type { Backend } from "../backend.ts";
import type { Recording, Step } from "../trace/recording.ts";
import type { Trace, World } from "../trace/trace.ts";
import type { Machine } from "./machine.ts";
import { snapshot } from "./snapshot.ts";

/** Options of a model's recording. */
export interface RecordOptions {
  /** Show tracking contexts with their krefs; no kernel can, so compared recordings do not. */
  readonly contexts?: boolean;
}

/** Runs a trace on a fresh machine, a step per op. */
export function recordOn(machine: Machine, trace: Trace, options: RecordOptions = {}): Step[] {
  return trace.ops.map((op) => snapshot(machine, machine.apply(op), options.contexts === true));
}

/** A model as a backend: every trace gets a machine of its own. */
export interface ModelBackend extends Backend {
  readonly design: "vm-pat" | "kref";
  machine(world: World): Machine;
  recordSync(trace: Trace, options?: RecordOptions): Recording;
}

export function modelBackend(
  id: string,
  design: "vm-pat" | "kref",
  machine: (world: World) => Machine,
): ModelBackend {
  const recordSync = (trace: Trace, options?: RecordOptions): Recording => ({
    format: "pfndiff/recording@1",
    backend: id,
    trace,
    steps: recordOn(machine(trace.world), trace, options),
  });
  return { id, design, machine, recordSync, record: async (trace) => recordSync(trace) };
}
