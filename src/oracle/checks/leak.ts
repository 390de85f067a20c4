import type { Reservation } from "../reservation.ts";
import { modeName, type SideState } from "../state.ts";

/**
 * leak: a reservation overlaps no page of any VMA, so that no later unmap can free it. Told once,
 * at the first step where it is so; only entries that do not fit their unit can have come to it.
 */
export function checkLeak(side: SideState): void {
  const { reservations } = side;
  // Backwards: clear() fills a gap with the last suspect, which has had its turn.
  for (let at = reservations.suspectCount - 1; at >= 0; at--) {
    const entry = reservations.suspects[at] as Reservation;
    if (!entry.mayLeak) reservations.clear(entry);
    else if (!isInUse(side, entry)) tellLeak(side, entry);
  }
}

function tellLeak(side: SideState, entry: Reservation): void {
  const { reservations } = side;
  const { start, end, type } = entry;
  const cause = side.orEndMatch(entry.owner === null ? entry.mark : entry.owner.mark);
  entry.leaked = true;
  reservations.uncount(entry);
  reservations.clear(entry);
  side.report(
    "leak",
    cause,
    () => `reservation [${start}, ${end}) ${modeName(type)} is left and no VMA can free it`,
  );
}

function isInUse({ pages }: SideState, { start, end }: Reservation): boolean {
  for (let pfn = start; pfn < end; pfn++) {
    if (pages.of(pfn).inVma > 0) return true;
  }
  return false;
}
