import { bornBy, type Trace } from "./trace.ts";

/**
 * The trace with an exit for every process that it leaves alive: a leak is certain only once
 * nobody is left who might free it, and a reproducer must not leave processes behind either.
 */
export function closedTrace(trace: Trace): Trace {
  const alive = new Set<number>();
  for (const op of trace.ops) {
    const child = bornBy(op);
    if (child !== null) alive.add(child);
    if (op.op === "exit") alive.delete(op.proc);
  }
  const exits = [...alive].sort((a, b) => a - b).map((proc) => ({ op: "exit" as const, proc }));
  return { ...trace, ops: [...trace.ops, ...exits] };
}
