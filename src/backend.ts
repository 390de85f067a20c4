import type { Recording } from "./trace/recording.ts";
import type { Trace } from "./trace/trace.ts";

/**
 * A backend turns a trace into a recording: after every op its result and the full visible
 * state. Models and real kernels stand behind this one interface and write the same format.
 */
export interface Backend {
  /** The id the command line knows it by, such as `legacy@6.12` or `kernel:6.18`. */
  readonly id: string;
  /** Which design it is; a kernel tells only once it runs. */
  readonly design?: "vm-pat" | "kref";
  /** Records one trace. A modelled errno is a value in a step; only our own faults reject. */
  record(trace: Trace): Promise<Recording>;
  /** Gives back what the backend holds (a guest, a worker). */
  close?(): Promise<void>;
}
