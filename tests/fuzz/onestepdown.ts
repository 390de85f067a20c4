import type { Op } from "../../src/trace/op.ts";
import { type Trace, traceSchema } from "../../src/trace/trace.ts";

/** Every valid trace with one op fewer, and every one with one number lower, by brute force. */
export function* oneStepDown(trace: Trace): Generator<Trace> {
  for (const lower of anyOneStepDown(trace)) {
    if (traceSchema.safeParse(lower).success) yield lower;
  }
}

function* anyOneStepDown(trace: Trace): Generator<Trace> {
  for (let i = 0; i < trace.ops.length; i++) yield { ...trace, ops: trace.ops.toSpliced(i, 1) };
  for (const key of ["pfns", "vpages"] as const) {
    for (let n = 1; n < trace.world[key]; n++) {
      yield { ...trace, world: { ...trace.world, [key]: n } };
    }
  }
  for (const [i, op] of trace.ops.entries()) {
    for (const [field, value] of Object.entries(op)) {
      if (typeof value !== "number") continue;
      for (let n = 0; n < value; n++) {
        const lower: Op = { ...op, [field]: n };
        yield { ...trace, ops: trace.ops.with(i, lower) };
      }
    }
  }
}
