import { bySeverity } from "../oracle/severity.ts";
import type { Stop } from "../trace/both.ts";

/** A race outcome as campaigns and comparisons order it. */
interface Ranked {
  /** As in a signature: a symptom of the ledger, `deadlock`, or `other`. */
  readonly symptom: string;
  readonly verdict: string;
  readonly signature: string;
}

/** Of what two tasks alone can show: a deadlock is a hang, and `other` breaks nothing that the ledger knows. */
const RANK: Readonly<Record<string, string>> = { deadlock: "hang", other: "errno" };

const ranked = (one: Ranked) => ({ ...one, symptom: RANK[one.symptom] ?? one.symptom });

/** Which of two race outcomes is told first: the graver. */
export const byRaceSeverity = (a: Ranked, b: Ranked): number => bySeverity(ranked(a), ranked(b));

/** The kernel's functions that a stop names, the innermost first. */
function functionsAt(at: string): string[] {
  const [, frames = ""] = / in (.*)$/.exec(at) ?? [];
  return frames.split(" < ").filter((name) => name !== "");
}

/**
 * Where the window of a race is: the function of the tracking in which a schedule stops a task, else the innermost
 * that is no helper's (`__`). Outcomes of the same window follow from one thing, whatever they show. Null where no task is
 * stopped inside of a call.
 */
export function windowOf(schedule: readonly Stop[]): string | null {
  for (const { at = "" } of schedule) {
    const functions = functionsAt(at);
    const own = functions.find((name) => /(?:un)?track_pfn|pfnmap_(?:un)?track/.test(name));
    const inside = own ?? functions.find((name) => !name.startsWith("__")) ?? functions[0];
    if (inside !== undefined) return `${inside}()`;
  }
  return null;
}
