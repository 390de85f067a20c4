import { isaWindow } from "../trace/isawindow.ts";
import type { World } from "../trace/trace.ts";

/** Pfns [start, end). */
export interface PfnRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Whether pfns [first, end) lie wholly in the ISA window. Nobody is to reserve them, whoever maps them has them write-back, and
 * an untrack of them has nothing to do.
 */
export function isInIsa(world: World, first: number, end: number): boolean {
  const window = isaWindow(world);
  return window !== null && window.start <= first && end <= window.end;
}

/** Whether some of [first, end) does: of such a range not all is write-back. */
export function touchesIsa(world: World, first: number, end: number): boolean {
  const window = isaWindow(world);
  return window !== null && window.start < end && first < window.end;
}

/** Where [from, to) enters a window and leaves it. */
export function* piecesAt(
  window: PfnRange,
  from: number,
  to: number,
): Generator<{ readonly start: number; readonly end: number; readonly isInside: boolean }> {
  const enters = Math.min(Math.max(window.start, from), to);
  const leaves = Math.min(Math.max(window.end, enters), to);
  if (from < enters) yield { start: from, end: enters, isInside: false };
  if (enters < leaves) yield { start: enters, end: leaves, isInside: true };
  if (leaves < to) yield { start: leaves, end: to, isInside: false };
}
