import type { Step } from "./recording.ts";

const NONE: ReadonlySet<string> = new Set();

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Strict equality of plain data: order of arrays matters, an absent field is not an undefined
 * one, and no field is extra, but for those that are ignored wherever they stand.
 */
export function sameData(a: unknown, b: unknown, ignored: ReadonlySet<string> = NONE): boolean {
  if (a === b) return a !== 0 || Object.is(a, b);
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => sameData(item, b[index], ignored));
  }
  if (!isRecord(a) || !isRecord(b)) return Object.is(a, b);
  const keys = Object.keys(a).filter((key) => !ignored.has(key));
  const others = Object.keys(b).filter((key) => !ignored.has(key));
  return (
    keys.length === others.length &&
    keys.every((key) => Object.hasOwn(b, key) && sameData(a[key], b[key], ignored))
  );
}

/**
 * The list with the items that stand in `before` too as the very objects that they are there, where
 * it begins and ends with the same ones.
 */
function shareList<T>(before: readonly T[] | undefined, list: T[]): T[] {
  if (before === undefined) return list;
  const shorter = Math.min(before.length, list.length);
  let head = 0;
  while (head < shorter && sameData(before[head], list[head])) head++;
  if (head === before.length && head === list.length) return [...before];
  let tail = 0;
  while (tail < shorter - head && sameData(before.at(-1 - tail), list.at(-1 - tail))) tail++;
  const changed = list.slice(head, list.length - tail);
  return [...before.slice(0, head), ...changed, ...before.slice(before.length - tail)];
}

/**
 * The step, made of the objects of the step before it where they are equal: thousands of ops in
 * thousands of VMAs would not fit into memory otherwise.
 */
export function shareStep(before: Step, step: Step): Step {
  const vmas = Object.entries(step.vmas).map(([proc, list]) => {
    return [proc, shareList(before.vmas[proc], list)] as const;
  });
  return {
    ...step,
    memtype: shareList(before.memtype, step.memtype),
    vmas: Object.fromEntries(vmas),
  };
}
