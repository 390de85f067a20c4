import type { MemtypeList } from "../../pat/memtype.ts";
import type { DesignSpec, MachineParts } from "../machine.ts";
import type { Mutant } from "../mutant.ts";

/** A planted fault in what both designs stand on. */
export interface SharedFault extends Omit<Mutant, "reference" | "spec"> {
  readonly parts: MachineParts;
  /** The designs that show it, each of which makes a mutant. */
  readonly on: readonly Mutant["reference"][];
}

/** The mutants that a fault makes of the designs that show it. */
export function mutantsOf(
  { parts, on, ...label }: SharedFault,
  specs: Readonly<Record<Mutant["reference"], DesignSpec>>,
): Mutant[] {
  return on.map((reference) => ({
    ...label,
    id: on.length === 1 ? label.id : `${label.id}-${reference}`,
    reference,
    spec: { ...specs[reference], parts },
  }));
}

/** A planted fault in the memtype list, which `memtype` is with it. */
export function inList(
  id: string,
  at: string,
  does: string,
  memtype: typeof MemtypeList,
  more: Partial<SharedFault> = {},
): SharedFault {
  return { id, place: "memtype", at, does, parts: { memtype }, on: ["modern"], ...more };
}
