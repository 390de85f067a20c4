import type { Step } from "../../src/trace/recording.ts";
import type { WitnessStep } from "./witness.ts";

/** In which way the after side went where the states part: what tells most of the fault comes first. */
export type Effect =
  | "answer"
  | `${"references" | "flags" | "reserved" | "messages"} ${"more" | "fewer"}`
  | "other";

/** What the sides are compared in, by size. */
const SIZES = [
  ["references", excessReferences],
  ["flags", flags],
  ["reserved", reservedPages],
  ["messages", ({ events }: Step) => events.length],
] as const;

/** How the after side differs at a step at which the states have parted. */
export function effectOf({ before, after }: WitnessStep): Effect {
  const answers = ({ result, calls = [] }: Step) => JSON.stringify([result, calls]);
  if (answers(before) !== answers(after)) return "answer";
  for (const [what, size] of SIZES) {
    const [was, is] = [size(before), size(after)];
    if (was !== is) return `${what} ${is > was ? "more" : "fewer"}`;
  }
  return "other";
}

function excessReferences({ contexts = [] }: Step): number {
  return contexts.reduce((sum, { refs, holders }) => sum + refs - holders, 0);
}

function flags({ vmas }: Step): number {
  return Object.values(vmas)
    .flat()
    .filter(({ pat }) => pat === true).length;
}

function reservedPages({ memtype }: Step): number {
  return memtype.reduce((sum, { start, end }) => sum + end - start, 0);
}
