import type { Step } from "../trace/recording.ts";

/** Fields of a step that only one design, or only a model, can show, and explanations. */
const ONE_SIDED = new Set(["pat", "contexts", "modes", "requests", "asked"]);

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Strict equality of plain data: order of arrays matters, an absent field is not an undefined
 * one, and no field is extra, but for those that only one side can have.
 */
export function sameData(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => sameData(item, b[index]));
  }
  if (!isRecord(a) || !isRecord(b)) return Object.is(a, b);
  const keys = Object.keys(a).filter((key) => !ONE_SIDED.has(key));
  const others = Object.keys(b).filter((key) => !ONE_SIDED.has(key));
  return (
    keys.length === others.length &&
    keys.every((key) => Object.hasOwn(b, key) && sameData(a[key], b[key]))
  );
}

/** The first step whose result, reservations, VMAs or events differ, or null. */
export function firstDifference(before: readonly Step[], after: readonly Step[]): number | null {
  for (const [index, step] of before.entries()) {
    if (!sameData(step, after[index])) return index;
  }
  return null;
}
