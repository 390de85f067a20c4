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

/** How many items a list has in common with another at its head, and at its tail behind that. */
export function commonEnds<T, U>(
  list: readonly T[],
  other: readonly U[],
  areAlike: (item: T, twin: U) => boolean,
): { readonly head: number; readonly tail: number } {
  const shorter = Math.min(list.length, other.length);
  let head = 0;
  while (head < shorter && areAlike(list[head] as T, other[head] as U)) head++;
  const [last, otherLast] = [list.length - 1, other.length - 1];
  let tail = 0;
  while (tail < shorter - head && areAlike(list[last - tail] as T, other[otherLast - tail] as U))
    tail++;
  return { head, tail };
}

/** The same where equal items are the same objects. */
export function sharedEnds<T>(
  list: readonly T[],
  other: readonly T[],
): ReturnType<typeof commonEnds> {
  if (list === other) return { head: list.length, tail: 0 };
  return commonEnds(list, other, (item, twin) => item === twin);
}
