import type { LanePoint } from "../src/races/document.ts";
import type { Memtype } from "../src/trace/recording.ts";
import { memtypeText } from "./optext.ts";

/** The memtype list in words. */
export function listText(memtype: readonly Memtype[]): string {
  return memtype.length === 0 ? "empty" : memtype.map(memtypeText).join(" ");
}

/** VMAs while calls are under way: each with VM_PAT, where the design has that flag. */
export function areasText(vmas: NonNullable<LanePoint["state"]>["vmas"]): string {
  if (vmas.length === 0) return "no VMA";
  return vmas.map(areaText).join(", ");
}

function areaText({ proc, start, end, vmPat }: Parameters<typeof areasText>[0][number]): string {
  const flag = vmPat === undefined ? "" : vmPat ? " VM_PAT" : " no VM_PAT";
  return `p${proc} [${start},${end})${flag}`;
}
