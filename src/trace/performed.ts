import type { Recording } from "./recording.ts";
import type { Trace } from "./trace.ts";

/**
 * The trace that a recording shows: where its kernel finds some allocations only, those that did not fail were
 * told nothing.
 */
export function performedTrace({ trace, steps, unshown = [] }: Recording): Trace {
  if (!unshown.includes("faults")) return trace;
  const ops = trace.ops.map((op, at) => {
    if (op.fault === undefined || steps[at]?.failed !== undefined) return op;
    const { fault: _unmet, ...plain } = op;
    return plain;
  });
  return { ...trace, ops };
}
