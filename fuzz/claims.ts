import type { Op } from "../src/trace/op.ts";
import { bornBy, isDevice, type Trace } from "../src/trace/trace.ts";
import type { Random } from "./random.ts";

/** Of so many claims, one is never let go of. */
const KEPT = 4;

/** A trace in which a driver claims the device once or twice, on behalf of whoever is alive then, and lets go of it. */
export function withClaims(random: Random, trace: Trace): Trace {
  if (!isDevice(trace.world)) return trace;
  const ops = [...trace.ops];
  for (let left = random.between(1, 2); left > 0; left--) {
    const at = place(random, ops, 1);
    if (at === null) break;
    ops.splice(at.index, 0, { op: "claim", proc: at.proc });
    const end = random.chance(1, KEPT) ? null : place(random, ops, at.index + 1);
    if (end !== null) ops.splice(end.index, 0, { op: "release", proc: end.proc });
  }
  return { ...trace, ops };
}

/** A place from an index on whose own op is of a process that is alive before it. */
function place(
  random: Random,
  ops: readonly Op[],
  from: number,
): { readonly index: number; readonly proc: number } | null {
  if (from >= ops.length) return null;
  const index = random.between(from, ops.length - 1);
  const op = ops[index] as Op;
  return bornBy(op) === op.proc ? null : { index, proc: op.proc };
}
