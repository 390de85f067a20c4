import { NO_CAUSE } from "../causes.ts";
import type { SideState } from "../state.ts";

/** untracked-mapping: a page is mapped, not copied, and no reservation covers it. */
export function checkUntrackedMapping(side: SideState): void {
  const { reservations, pages } = side;
  for (let at = 0; at < reservations.baredCount; at++) {
    if (isBare(side, reservations.bared[at] as number)) {
      return tell(side, reservations.bared[at] as number);
    }
  }
  for (let at = 0; at < pages.changedCount; at++) {
    if (isBare(side, pages.changed[at] as number)) return tell(side, pages.changed[at] as number);
  }
}

function isBare(side: SideState, pfn: number): boolean {
  const { mapped, cover } = side.pages.of(pfn);
  return mapped > 0 && cover === 0;
}

function tell(side: SideState, pfn: number): void {
  const unit = side.pages.unitMapping(pfn);
  const cause = side.orOp(unit?.mark ?? NO_CAUSE);
  side.report("untracked-mapping", cause, () => `pfn ${pfn} is mapped and not reserved`);
}
