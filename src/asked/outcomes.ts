import type { Request, Step } from "../trace/recording.ts";

/**
 * A request that did not get what it asked for, on either side: it was given another mode, or was
 * refused. A side has null where it made no such request, or got what it asked for.
 */
export interface ModeOutcome {
  readonly step: number;
  readonly before: Request | null;
  readonly after: Request | null;
}

/** Whether a request came to something else than it asked for. */
function isOtherwise({ asked, got, by }: Request): boolean {
  if (got === undefined) return by !== "unknown";
  return asked !== undefined && got !== asked;
}

/** Every request of one step, explained on both sides, that did not get what it asked for. */
export function modeOutcomes(step: number, before: Step, after: Step): ModeOutcome[] {
  const left = (before.requests ?? []).filter(isOtherwise);
  const right = (after.requests ?? []).filter(isOtherwise);
  const paired = left.map((request): ModeOutcome => {
    const at = right.findIndex((other) => isSameRange(request, other));
    const [twin] = at < 0 ? [] : right.splice(at, 1);
    return { step, before: request, after: twin ?? null };
  });
  return [...paired, ...right.map((request) => ({ step, before: null, after: request }))];
}

function isSameRange(a: Request, b: Request): boolean {
  return a.start === b.start && a.end === b.end && a.ram === b.ram && a.asked === b.asked;
}
