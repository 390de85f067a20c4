import type { MmProfile } from "../mm/profile.ts";

/** The facts of a release as bits; MmProfile says what they mean. */
export const FREES_REPLACED_FIRST = 1;
export const DEVMEM_MAPS_AFTER_FREE = 2;
export const CHECKS_OVERLAP_FIRST = 4;
export const CHECKS_BEFORE_UNMAP = 8;
export const MOVES_SEVERAL = 16;
export const COUNTS_APART = 32;
export const COUNTS_ALWAYS = 64;
export const HAS_MSEAL = 128;

/** The facts that system calls without failing allocations can tell apart. */
export function factsOf(profile: MmProfile): number {
  return (
    (profile.mmapFreesReplacedFirst ? FREES_REPLACED_FIRST : 0) |
    (profile.devmemMapsAfterFree ? DEVMEM_MAPS_AFTER_FREE : 0) |
    (profile.mremapChecksOverlapFirst ? CHECKS_OVERLAP_FIRST : 0) |
    (profile.mremapChecksBeforeUnmap ? CHECKS_BEFORE_UNMAP : 0) |
    (profile.mremapMovesSeveral ? MOVES_SEVERAL : 0) |
    (profile.mremapCountsMaps === "fixed-apart" ? COUNTS_APART : 0) |
    (profile.mremapCountsMaps === "always" ? COUNTS_ALWAYS : 0) |
    (profile.hasMseal ? HAS_MSEAL : 0)
  );
}
