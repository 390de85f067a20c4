import { legacySpec } from "../../legacy/index.ts";
import { LEGACY_MUTANTS } from "../../legacy/mutants/index.ts";
import { modernSpec } from "../../modern/index.ts";
import { MODERN_MUTANTS } from "../../modern/mutants/index.ts";
import { type ModelBackend, modelBackend } from "../model/backend.ts";
import type { Mutant } from "../model/mutant.ts";
import { SHARED_FAULTS } from "../model/mutants/index.ts";
import { mutantsOf } from "../model/mutants/shared.ts";

const SPECS = { legacy: legacySpec("6.12"), modern: modernSpec("7.2") };
const DESIGNS = { legacy: "vm-pat", modern: "kref" } as const;

/** Every planted fault. */
export const MUTANTS: readonly Mutant[] = [
  ...LEGACY_MUTANTS,
  ...MODERN_MUTANTS,
  ...SHARED_FAULTS.flatMap((fault) => mutantsOf(fault, SPECS)),
];

/** A mutant and what it was made of, as backends. */
export function mutantPair({ id, reference, spec }: Mutant): {
  reference: ModelBackend;
  mutant: ModelBackend;
} {
  const design = DESIGNS[reference];
  return {
    reference: modelBackend(reference, design, SPECS[reference]),
    mutant: modelBackend(`mutant:${id}`, design, spec),
  };
}
