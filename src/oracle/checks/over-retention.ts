import { COW, opCause } from "../causes.ts";
import type { Reservation } from "../reservation.ts";
import { modeName, type SideState } from "../state.ts";

/**
 * over-retention: a page that nobody maps any more is still reserved for a mapping that lives on.
 * Told once for each mapping and cause; the cost in page-ops is summed elsewhere. A page that was
 * copied on write is still in its VMA but its pfn is not mapped: that counts.
 */
export function checkOverRetention(side: SideState): void {
  const { pages } = side;
  for (let at = 0; at < pages.changedCount; at++) {
    const pfn = pages.changed[at] as number;
    const { mapped, kept } = pages.of(pfn);
    if (mapped === 0 && kept > 0) tell(side, pfn);
  }
}

function tell(side: SideState, pfn: number): void {
  const { reservations } = side;
  for (let start = reservations.firstStart(pfn); start <= pfn; start++) {
    let entry = reservations.startingAt(start);
    for (; entry !== null; entry = entry.nextOfStart) {
      if (entry.isCounted && pfn < entry.end) tellEntry(side, entry, pfn);
    }
  }
}

function tellEntry(side: SideState, { owner, start, end, type }: Reservation, pfn: number): void {
  if (owner === null) throw new Error("oracle: a reservation that counts as kept has no owner");
  const off = owner.revoked ? opCause("revoke") : COW;
  const cause = side.orOp(owner.has(pfn) ? off : owner.goneBy(pfn));
  const bit = 1 << cause;
  if ((owner.told & bit) !== 0) return;
  owner.told |= bit;
  side.report(
    "over-retention",
    cause,
    () =>
      `pfn ${pfn} is mapped by nobody and stays reserved by [${start}, ${end}) ${modeName(type)}`,
  );
}
