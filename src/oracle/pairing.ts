import { findEntry, isFinished, isTouched } from "./attribution.ts";
import { CAME, type ListChange, type ListChanges, WENT } from "./listchanges.ts";
import type { SideState } from "./state.ts";

/**
 * Finds for every entry that came the entry that went and was cut down to it. An untrack cuts
 * only the end off, and an exact mapping that went entirely is not cut but freed; so those are
 * the last choice where several entries could have become this one.
 */
export function pairChanges(side: SideState, changes: ListChanges): void {
  const { all, count } = changes;
  for (let at = 0; at < count; at++) {
    const came = all[at] as ListChange;
    if (came.state !== CAME) continue;
    let bestScore = UNLIKELY;
    for (let other = 0; other < count; other++) {
      const went = all[other] as ListChange;
      if (!isCutFrom(came, went)) continue;
      const score = pairScore(side, changes, at, went);
      if (score <= bestScore) continue;
      came.home = went;
      bestScore = score;
    }
  }
}

/** A whole, exact mapping's entry does not become a piece from its middle. */
const UNLIKELY = 0;

function pairScore(side: SideState, { all }: ListChanges, at: number, went: ListChange): number {
  const came = all[at] as ListChange;
  const owner = findEntry(side, went.start, went.end, went.mode, true)?.owner ?? null;
  const fits = owner !== null && owner.lowest === came.start && owner.highest + 1 === came.end;
  const isHead = came.start === went.start;
  let isTaken = false;
  for (let other = 0; other < at; other++) {
    if ((all[other] as ListChange).home === went) isTaken = true;
  }
  return (
    (isHead ? 8 : 0) +
    (owner !== null && isFinished(side, owner) ? 0 : 4) +
    (fits ? 2 : 0) +
    (owner !== null && isTouched(side, owner) ? 1 : 0) +
    (isTaken && isHead ? -8 : 0)
  );
}

function isCutFrom(came: ListChange, went: ListChange): boolean {
  if (went.state !== WENT || came.mode !== went.mode) return false;
  const [head, tail] = [came.start - went.start, went.end - came.end];
  return head >= 0 && tail >= 0 && head + tail > 0;
}
