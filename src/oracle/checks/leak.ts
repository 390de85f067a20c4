import type { CauseId } from "../causes.ts";
import { modeName, type SideState } from "../state.ts";

/**
 * leak: a reservation overlaps no page of any VMA, so that no later unmap can free it. Told once,
 * at the first step where it is so; only entries that do not fit their unit can have come to it.
 */
export function checkLeak(side: SideState): void {
  const { reservations, pages } = side;
  if (!pages.emptied && !reservations.changed) return;
  // Backwards: clear() fills a gap with the last suspect, which has had its turn.
  for (let at = reservations.suspectCount - 1; at >= 0; at--) {
    const row = reservations.suspects[at] as number;
    if (!reservations.mayLeak(row)) reservations.clear(row);
    else if (!isInUse(side, row)) tellLeak(side, row);
  }
}

function tellLeak(side: SideState, row: number): void {
  const { reservations } = side;
  const cause = leakCause(side, row);
  reservations.leaked[row] = 1;
  reservations.uncount(row);
  reservations.clear(row);
  const start = reservations.start[row] as number;
  const end = reservations.end[row] as number;
  const mode = modeName(reservations.type[row] as number);
  side.report(
    "leak",
    cause,
    () => `reservation [${start}, ${end}) ${mode} is left and no VMA can free it`,
  );
}

function isInUse(side: SideState, row: number): boolean {
  const { reservations, pages } = side;
  const end = reservations.end[row] as number;
  for (let pfn = reservations.start[row] as number; pfn < end; pfn++) {
    if ((pages.inVma[pfn] as number) > 0) return true;
  }
  return false;
}

function leakCause(side: SideState, row: number): CauseId {
  const owner = side.reservations.owner[row] as number;
  const mark = owner === 0 ? side.reservations.mark[row] : side.units.mark[owner];
  return side.orEndMatch(mark as number);
}
