import { BEYOND_FAULTS } from "./beyond.ts";
import { FREE_FAULTS } from "./free.ts";
import { MM_FAULTS } from "./mm.ts";
import { BASE_FAULTS } from "./pagetable.ts";
import { RESERVE_FAULTS } from "./reserve.ts";
import type { SharedFault } from "./shared.ts";

/** Planted faults in what both designs stand on: the memtype list and the address space. */
export const SHARED_FAULTS: readonly SharedFault[] = [
  ...RESERVE_FAULTS,
  ...FREE_FAULTS,
  ...BASE_FAULTS,
  ...MM_FAULTS,
  ...BEYOND_FAULTS,
];
