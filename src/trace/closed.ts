import { bornBy, endsProcess, type Op } from "./op.ts";
import type { Trace } from "./trace.ts";

/** Processes that may be alive after some ops, in order of birth. */
export function aliveAfter(ops: readonly Op[]): Set<number> {
  const alive = new Set<number>();
  for (const op of ops) {
    const child = bornBy(op);
    if (child !== null) alive.add(child);
    if (endsProcess(op)) alive.delete(op.proc);
  }
  return alive;
}

/**
 * The trace with an exit for every process that it leaves alive: a leak is certain only once
 * nobody is left who might free it, and a reproducer must not leave processes behind either.
 */
export function closedTrace(trace: Trace): Trace {
  const alive = [...aliveAfter(trace.ops)].sort((a, b) => a - b);
  const exits = alive.map((proc) => ({ op: "exit" as const, proc }));
  return { ...trace, ops: [...trace.ops, ...exits] };
}
