import { plural } from "./numbers.ts";
import { assertNever } from "../src/assertnever.ts";
import { isaWindow } from "../src/trace/isawindow.ts";
import { type Memory, memoryOf, type World } from "../src/trace/trace.ts";

/** A kind of memory in words. */
export function memoryText(memory: Memory): string {
  switch (memory) {
    case "bar":
      return "a device aperture";
    case "low":
      return "low memory";
    case "write-back-bar":
      return "a device aperture in write-back memory";
    default:
      return assertNever(memory);
  }
}

/** What kind of memory a world's pfns are. */
export function regionText(world: Pick<World, "mtrr" | "region">): string {
  return memoryText(memoryOf(world));
}

/** What else a world says, each after a comma; empty for most. */
export function limitsText(world: World): string {
  const { maps, pat, regions = [] } = world;
  const room = maps === undefined ? "" : `, room for ${maps} VMA${maps === 1 ? "" : "s"}`;
  const isa = isaWindow(world);
  const window = isa === null ? "" : `, pfn [${isa.start},${isa.end}) in the ISA window`;
  const further = regions.map(
    (each, at) => `, region ${at + 1}: ${plural(each.pfns, "pfn")} of ${regionText(each)}`,
  );
  return `${room}${pat === false ? ", no PAT" : ""}${window}${further.join("")}`;
}
