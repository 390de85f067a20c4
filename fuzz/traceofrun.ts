import type { Trace } from "../src/trace/trace.ts";
import { withKeys } from "./apart.ts";
import { TraceWriter } from "./generate.ts";
import { Random } from "./random.ts";

const THOUSAND = 1000;
const LAST_DIGITS = Array.from({ length: THOUSAND }, (_, n) => String(n).padStart(3, "0"));

/** What the names of a thousand runs begin with. */
let thousand = { seed: -1, from: -1, name: "" };

/**
 * The name of a run's trace. Making a string of a number takes as long as two ops, so those of all
 * but the last digits of a run serve a thousand runs.
 */
export function nameOfRun(seed: number, run: number): string {
  if (run < THOUSAND) return `seed ${seed} run ${run}`;
  const digits = run % THOUSAND;
  const from = run - digits;
  if (thousand.seed !== seed || thousand.from !== from) {
    thousand = { seed, from, name: `seed ${seed} run ${from / THOUSAND}` };
  }
  return thousand.name + (LAST_DIGITS[digits] as string);
}

/** These serve trace after trace. */
const random = new Random();
const writer = new TraceWriter(random);

/** The trace of one run of a campaign; it depends on the seed and the run's index only. */
export function traceOfRun(seed: number, run: number): Trace {
  random.restart(seed, run, "trace");
  const trace = writer.write(nameOfRun(seed, run));
  return writer.hasKeys ? withKeys(random.restart(seed, run, "keys"), trace) : trace;
}
