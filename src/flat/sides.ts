import type { MmProfile } from "../mm/profile.ts";
import { factsOf } from "./facts.ts";
import { EARLY_ROOM, FACTS, IS_VM_PAT, MOVE_ROOM } from "./memory.ts";

/** One of the two designs, as a release of the kernel has it, in the flat engine's numbers. */
export interface PlainDesign {
  readonly facts: number;
  readonly earlyRoom: number;
  readonly moveRoom: number;
  readonly isVmPat: 0 | 1;
}

/** The design of a release. */
export function plainDesignOf(profile: MmProfile, design: "vm-pat" | "kref"): PlainDesign {
  return {
    facts: factsOf(profile),
    earlyRoom: profile.mremapRoom.early,
    moveRoom: profile.mremapRoom.move,
    isVmPat: design === "vm-pat" ? 1 : 0,
  };
}

/** Says what a side is: 0 before, 1 after. */
export const takeSide = (s: number, design: PlainDesign): void => {
  FACTS[s] = design.facts;
  EARLY_ROOM[s] = design.earlyRoom;
  MOVE_ROOM[s] = design.moveRoom;
  IS_VM_PAT[s] = design.isVmPat;
};
