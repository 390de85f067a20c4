import { findEntry, isFinished, isTouched } from "./attribution.ts";
import type { MemtypeDelta } from "./observed.ts";
import type { SideState } from "./state.ts";

/**
 * Finds for every entry that came the entry that went and was cut down to it. An untrack cuts
 * only the end off, and an exact mapping that went entirely is not cut but freed; so those are
 * the last choice where several entries could have become this one.
 */
export function pairChanges(side: SideState, delta: MemtypeDelta): void {
  for (let came = 0; came < delta.count; came++) {
    if (delta.came[came] !== 1) continue;
    let best = -1;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (let went = 0; went < delta.count; went++) {
      if (!isInside(delta, came, went)) continue;
      const score = pairScore(side, delta, came, went);
      if (score <= bestScore) continue;
      best = went;
      bestScore = score;
    }
    if (best >= 0 && bestScore > UNLIKELY) delta.home[came] = best;
  }
}

/** A whole, exact mapping's entry does not become a piece from its middle. */
const UNLIKELY = 0;

function pairScore(side: SideState, delta: MemtypeDelta, came: number, went: number): number {
  const start = delta.start[went] as number;
  const end = delta.end[went] as number;
  const owner = findEntry(side, start, end, delta.type[went] as number, true)?.owner ?? null;
  const fits =
    owner !== null &&
    owner.lowest() === delta.start[came] &&
    owner.highest() + 1 === delta.end[came];
  let taken = 0;
  for (let other = 0; other < came; other++) taken += Number(delta.home[other] === went);
  return (
    (delta.start[came] === start ? 8 : 0) +
    (owner !== null && isFinished(side, owner) ? 0 : 4) +
    (fits ? 2 : 0) +
    (owner !== null && isTouched(side, owner) ? 1 : 0) +
    (taken > 0 && delta.start[came] === start ? -8 : 0)
  );
}

function isInside(delta: MemtypeDelta, came: number, went: number): boolean {
  const head = (delta.start[came] as number) - (delta.start[went] as number);
  const tail = (delta.end[went] as number) - (delta.end[came] as number);
  const alike = delta.came[went] === 0 && delta.type[came] === delta.type[went];
  return alike && head >= 0 && tail >= 0 && head + tail > 0;
}
