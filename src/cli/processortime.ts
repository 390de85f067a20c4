/** What was used between two moments, in milliseconds. */
export interface Spent {
  /** Of processor, by all threads of this process together. */
  readonly processorMs: number;
  readonly clockMs: number;
}

/** From now on: what this process has used until each call. */
export function stopwatch(): () => Spent {
  const [used, began] = [process.cpuUsage(), performance.now()];
  return () => {
    const { user, system } = process.cpuUsage(used);
    return { processorMs: (user + system) / 1000, clockMs: performance.now() - began };
  };
}

/** What was done in a time. */
export interface Round extends Spent {
  readonly ops: number;
}

/** Asking for processor time may take a fraction of a millisecond: it is asked this seldom. */
const LOOK_MS = 20;

/** From now on: whether so much processor time is used, to some `LOOK_MS`. */
export function processorTimer(processorMs: number): () => boolean {
  const spent = stopwatch();
  let nextLook = performance.now() + Math.min(LOOK_MS, processorMs);
  return () => {
    const now = performance.now();
    if (now < nextLook) return false;
    nextLook = now + LOOK_MS;
    return spent().processorMs >= processorMs;
  };
}

/** Repeats something that tells how many ops it did until so much processor time is used. */
export async function repeatFor(
  processorMs: number,
  step: () => number | Promise<number>,
): Promise<Round> {
  const [spent, isDue] = [stopwatch(), processorTimer(processorMs)];
  let ops = 0;
  do {
    const did = step();
    ops += did instanceof Promise ? await did : did;
  } while (!isDue());
  return { ops, ...spent() };
}

/** The middle of some numbers, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] as number) + (sorted[Math.ceil(middle)] as number)) / 2;
}
