import type { Mutant } from "../../src/model/mutant.ts";
import { FORK_MUTANTS } from "./fork.ts";
import { UNMAP_MUTANTS } from "./unmap.ts";

/** Planted faults in the hooks of the VM_PAT design. */
export const LEGACY_MUTANTS: readonly Mutant[] = [...UNMAP_MUTANTS, ...FORK_MUTANTS];
