import { COW } from "../causes.ts";
import { modeName, type SideState } from "../state.ts";

/**
 * over-retention: a page that nobody maps any more is still reserved for a mapping that lives on.
 * Told once for each mapping and cause; the cost in page-ops is summed elsewhere. A page that was
 * copied on write is still in its VMA but its pfn is not mapped: that counts.
 */
export function checkOverRetention(side: SideState): void {
  const { pages } = side;
  if (pages.retained === 0) return;
  for (let at = 0; at < pages.changedCount; at++) {
    const pfn = pages.changed[at] as number;
    if (pages.mapped[pfn] === 0 && pages.isKept(pfn)) tell(side, pfn);
  }
}

function tell(side: SideState, pfn: number): void {
  const { reservations } = side;
  const { byStart } = reservations;
  for (let start = reservations.firstStart(pfn); start <= pfn; start++) {
    for (let row = byStart.first(start); row >= 0; row = byStart.next(row)) {
      if (reservations.isCounted(row) && pfn < (reservations.end[row] as number)) {
        tellEntry(side, row, pfn);
      }
    }
  }
}

function tellEntry(side: SideState, row: number, pfn: number): void {
  const { reservations, units } = side;
  const owner = reservations.owner[row] as number;
  const cause = side.orOp(units.has(owner, pfn) ? COW : units.goneBy(owner, pfn));
  const bit = 1 << cause;
  if (((units.told[owner] as number) & bit) !== 0) return;
  units.told[owner] = (units.told[owner] as number) | bit;
  const start = reservations.start[row] as number;
  const end = reservations.end[row] as number;
  const mode = modeName(reservations.type[row] as number);
  side.report(
    "over-retention",
    cause,
    () => `pfn ${pfn} is mapped by nobody and stays reserved by [${start}, ${end}) ${mode}`,
  );
}
