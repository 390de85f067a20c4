import type { Mutant } from "../../src/model/mutant.ts";
import { CROWD_MUTANTS } from "./crowds.ts";
import { REF_MUTANTS } from "./refs.ts";
import { REMAP_MUTANTS } from "./remap.ts";
import { UNDO_MUTANTS } from "./undo.ts";

/** Planted faults in the hooks of the refcounted design. */
export const MODERN_MUTANTS: readonly Mutant[] = [
  ...REMAP_MUTANTS,
  ...REF_MUTANTS,
  ...CROWD_MUTANTS,
  ...UNDO_MUTANTS,
];
