import type { Bench } from "./bench.ts";

/** What is on the bench, which step is looked at, and the way back and forth. */
export interface Session {
  readonly bench: Bench;
  readonly step: number;
  readonly past: readonly Bench[];
  readonly future: readonly Bench[];
}

/** So many changes can be undone. */
const MOST_UNDONE = 500;

export function begun(bench: Bench, step: number): Session {
  return { bench, step, past: [], future: [] };
}

/** Puts something else on the bench; what was there can be had back. */
export function changed(session: Session, bench: Bench, step = session.step): Session {
  const past = [...session.past, session.bench].slice(-MOST_UNDONE);
  return { bench, step: within(bench, step), past, future: [] };
}

export function looked(session: Session, step: number): Session {
  return { ...session, step: within(session.bench, step) };
}

export function undone({ bench, step, past, future }: Session): Session | null {
  const last = past.at(-1);
  if (last === undefined) return null;
  return {
    bench: last,
    step: within(last, step),
    past: past.slice(0, -1),
    future: [bench, ...future],
  };
}

export function redone({ bench, step, past, future }: Session): Session | null {
  const [next, ...later] = future;
  if (next === undefined) return null;
  return { bench: next, step: within(next, step), past: [...past, bench], future: later };
}

function within({ trace }: Bench, step: number): number {
  return Math.max(0, Math.min(step, trace.ops.length - 1));
}
