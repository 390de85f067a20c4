import type { MmProfile } from "../mm/profile.ts";
import { factsOf } from "./facts.ts";
import { EARLY_ROOM, FACTS, IS_VM_PAT, MOVE_ROOM } from "./memory.ts";

/** One of the two designs, as a release of the kernel has it. */
export interface PlainDesign {
  readonly profile: MmProfile;
  readonly design: "vm-pat" | "kref";
}

/** Says what a side is: 0 before, 1 after. */
export function takeSide(s: number, { profile, design }: PlainDesign): void {
  FACTS[s] = factsOf(profile);
  EARLY_ROOM[s] = profile.mremapRoom.early;
  MOVE_ROOM[s] = profile.mremapRoom.move;
  IS_VM_PAT[s] = design === "vm-pat" ? 1 : 0;
}
