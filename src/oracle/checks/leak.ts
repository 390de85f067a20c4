import { type CauseId, NO_CAUSE } from "../causes.ts";
import { everyVma, type Observed } from "../observed.ts";
import type { Reservation } from "../reservation.ts";
import { modeName, type SideState } from "../state.ts";

/**
 * leak: a reservation overlaps no page of any VMA, so that no later unmap can free it. Reported once,
 * at the first step where it is so; only entries that do not fit their unit can have come to it.
 */
export function checkLeak(side: SideState, seen: Observed): void {
  const { reservations } = side;
  if (reservations.suspectCount === 0) return;
  const mayBeHeld = side.hasDrivers && hasDriverVma(side, seen);
  // Backwards: clear() fills a gap with the last suspect, which has had its turn.
  for (let at = reservations.suspectCount - 1; at >= 0; at--) {
    const entry = reservations.suspects[at] as Reservation;
    if (entry.owner === null && mayBeHeld) continue;
    if (!entry.mayLeak) reservations.clear(entry);
    else if (!side.pages.isInVma(entry.start, entry.end)) reportLeak(side, entry);
  }
}

/**
 * Whether a driver's VMA lives: it may hold a reservation whose pages its handler has unmapped
 * again, which only the end of the VMA gives back.
 */
function hasDriverVma({ procs }: SideState, seen: Observed): boolean {
  for (const [id] of procs.everyLiving()) {
    for (const { device } of everyVma(seen.space(id))) if (device !== null) return true;
  }
  return false;
}

function causeOf(side: SideState, { owner, cause }: Reservation): CauseId {
  if (owner === null) return side.orEndMatch(cause);
  return owner.lostBy === NO_CAUSE ? side.orEndMatch(owner.misfit) : owner.lostBy;
}

function reportLeak(side: SideState, entry: Reservation): void {
  const { reservations } = side;
  const { start, end, mode } = entry;
  const cause = causeOf(side, entry);
  entry.leaked = true;
  reservations.uncount(entry);
  reservations.clear(entry);
  side.report(
    "leak",
    cause,
    () => `reservation [${start}, ${end}) ${modeName(mode)} is left and no VMA can free it`,
  );
}
