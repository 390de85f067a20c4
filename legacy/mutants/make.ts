import type { Mutant } from "../../src/model/mutant.ts";
import { legacySpec } from "../index.ts";
import { VmPatTracking } from "../tracking.ts";

type Label = Omit<Mutant, "reference" | "place" | "spec">;

/** A planted fault in a hook of the VM_PAT design: `Tracking` is that design with it. */
export function inTracking(label: Label, Tracking: typeof VmPatTracking): Mutant {
  const spec = {
    ...legacySpec("6.12"),
    tracking: (...[ranges, , kernel]: Parameters<ReturnType<typeof legacySpec>["tracking"]>) =>
      new Tracking(ranges, kernel),
  };
  return { ...label, reference: "legacy", place: "tracking", spec };
}
