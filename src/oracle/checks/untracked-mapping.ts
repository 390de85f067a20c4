import { NO_CAUSE } from "../causes.ts";
import type { SideState } from "../state.ts";
import type { Unit } from "../unit.ts";

/** untracked-mapping: a page is mapped, not copied, and no reservation covers it. */
export function checkUntrackedMapping(side: SideState, pfn: number): void {
  const cause = side.orOp(unitMapping(side, pfn)?.misfit ?? NO_CAUSE);
  side.report("untracked-mapping", cause, () => `pfn ${pfn} is mapped and not reserved`);
}

/** A unit that maps the pfn, by a search of all processes; null if none does. */
function unitMapping({ procs }: SideState, pfn: number): Unit | null {
  for (const [, proc] of procs.everyLiving()) {
    for (const area of proc.every()) {
      const page = area.start + pfn - area.pfn;
      if (page >= area.start && page < area.end && !proc.isOff(page)) return area.unit;
    }
  }
  return null;
}
