/** How the memtype list changed in a step: MemtypeDelta in arrays. */
import {
  CHANGE_CAME,
  CHANGE_COUNT,
  CHANGE_END,
  CHANGE_MODE,
  CHANGE_SHIFT,
  CHANGE_START,
} from "./memory.ts";

/** Drops the values that both came and went, and sorts the rest by start and end. */
export const normaliseChanges = (s: number): void => {
  if ((CHANGE_COUNT[s] as number) < 2) return;
  cancel(s);
  const base = s << CHANGE_SHIFT;
  const top = base + (CHANGE_COUNT[s] as number);
  for (let at = base + 1; at < top; at++) {
    for (let low = at; low > base && isBefore(low, low - 1); low--) swap(low, low - 1);
  }
};

const cancel = (s: number): void => {
  const base = s << CHANGE_SHIFT;
  let top = base + (CHANGE_COUNT[s] as number);
  let at = base;
  while (at < top) {
    let other = at + 1;
    while (other < top && !areOpposite(at, other)) other++;
    if (other === top) {
      at++;
    } else {
      swap(other, top - 1);
      swap(at, top - 2);
      top -= 2;
    }
  }
  CHANGE_COUNT[s] = top - base;
};

const areOpposite = (a: number, b: number): boolean => {
  return (
    CHANGE_CAME[a] !== CHANGE_CAME[b] &&
    CHANGE_START[a] === CHANGE_START[b] &&
    CHANGE_END[a] === CHANGE_END[b] &&
    CHANGE_MODE[a] === CHANGE_MODE[b]
  );
};

const isBefore = (a: number, b: number): boolean => {
  const byStart = (CHANGE_START[a] as number) - (CHANGE_START[b] as number);
  if (byStart !== 0) return byStart < 0;
  const byEnd = (CHANGE_END[a] as number) - (CHANGE_END[b] as number);
  return byEnd !== 0 ? byEnd < 0 : (CHANGE_CAME[a] as number) < (CHANGE_CAME[b] as number);
};

const swap = (a: number, b: number): void => {
  if (a === b) return;
  swapIn(CHANGE_START, a, b);
  swapIn(CHANGE_END, a, b);
  swapIn(CHANGE_MODE, a, b);
  swapIn(CHANGE_CAME, a, b);
};

const swapIn = (array: Int32Array, a: number, b: number): void => {
  const kept = array[a] as number;
  array[a] = array[b] as number;
  array[b] = kept;
};
