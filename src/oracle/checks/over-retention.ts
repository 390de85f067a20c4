import { COW, HOLLOW, NO_CAUSE } from "../causes.ts";
import type { Reservation } from "../reservation.ts";
import { modeName, type SideState } from "../state.ts";

/**
 * over-retention: a page that nobody maps any more is still reserved for a mapping that lives on.
 * Reported once for each mapping and cause; the cost in page-ops is summed elsewhere. A page that was
 * copied on write is still in its VMA but its pfn is not mapped: that counts.
 */
export function checkOverRetention(side: SideState): void {
  const { pages } = side;
  for (let pfn = pages.nextRetained(0); pfn >= 0; pfn = pages.nextRetained(pfn + 1)) {
    reportPage(side, pfn);
  }
}

function reportPage(side: SideState, pfn: number): void {
  const { reservations } = side;
  for (let start = reservations.firstStart(pfn); start <= pfn; start++) {
    let entry = reservations.startingAt(start);
    for (; entry !== null; entry = entry.nextOfStart) {
      if (entry.isCounted && pfn < entry.end) reportEntry(side, entry, pfn);
    }
  }
}

function reportEntry(side: SideState, { owner, start, end, mode }: Reservation, pfn: number): void {
  if (owner === null) throw new Error("oracle: a reservation that counts as kept has no owner");
  const off = owner.takenBy === NO_CAUSE ? COW : owner.takenBy;
  // A hollow VMA stands where its pages were; whether the tracking stayed with it is the design's.
  const isHollow = owner.takenBy === HOLLOW && side.pages.isInVma(pfn, pfn + 1);
  const isOff = isHollow || owner.has(pfn);
  const cause = side.orOp(isOff ? off : owner.goneBy(pfn));
  if (owner.reported.includes(cause)) return;
  owner.reported.push(cause);
  side.report(
    "over-retention",
    cause,
    () =>
      `pfn ${pfn} is mapped by nobody and stays reserved by [${start}, ${end}) ${modeName(mode)}`,
  );
}
