import { mappedRegion, type Pages } from "./statemap.ts";
import type { Subject } from "./subject.ts";

/** Which pages the lanes show: the same on both sides and at every step, so that bars line up. */
export interface Extent {
  readonly virtual: Pages;
  readonly physical: Pages;
}

/** The smallest ranges that hold everything either side ever shows. */
export function extentOf({ before, after }: Pick<Subject, "before" | "after">): Extent {
  const steps = [...before.steps, ...after.steps];
  const vmas = steps.flatMap((step) => Object.values(step.vmas).flat());
  const virtual = vmas.map(({ start, end }) => ({ start, end }));
  const physical = [...steps.flatMap(mappedRegion), ...steps.flatMap((step) => step.memtype)];
  return { virtual: hull(virtual), physical: hull(physical) };
}

function hull(ranges: readonly Pages[]): Pages {
  if (ranges.length === 0) return { start: 0, end: 1 };
  return ranges.reduce((all, { start, end }) => ({
    start: Math.min(all.start, start),
    end: Math.max(all.end, end),
  }));
}
