import type { Mutant } from "../../src/model/mutant.ts";
import { REF_MUTANTS } from "./refs.ts";
import { REMAP_MUTANTS } from "./remap.ts";

/** Planted faults in the hooks of the refcounted design. */
export const MODERN_MUTANTS: readonly Mutant[] = [...REMAP_MUTANTS, ...REF_MUTANTS];
