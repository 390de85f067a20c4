import type { Mutant } from "../../src/model/mutant.ts";
import { modernSpec } from "../index.ts";
import type { KrefTracking } from "../tracking.ts";

type Label = Omit<Mutant, "reference" | "place" | "spec">;

/** A planted fault in a hook of the refcounted design: `Tracking` is that design with it. */
export function inTracking(label: Label, Tracking: typeof KrefTracking): Mutant {
  const spec = {
    ...modernSpec("7.2"),
    tracking: (...[ranges, , kernel]: Parameters<ReturnType<typeof modernSpec>["tracking"]>) =>
      new Tracking(ranges, kernel),
  };
  return { ...label, reference: "modern", place: "tracking", spec };
}
