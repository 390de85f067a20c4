import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Arena, arenaSchema } from "../../reports/arena.ts";
import { readJson } from "../results/json.ts";
import { writeText } from "./files.ts";

/** Where a results directory holds what the arena said last. */
function arenaFile(directory: string): string {
  return join(directory, "arena.json");
}

/** Saves the arena's figures where a report looks for them. */
export async function saveArena(directory: string, arena: Arena): Promise<void> {
  await writeText(arenaFile(directory), `${JSON.stringify(arena)}\n`);
}

/** What the arena said last, or null where it never ran; a file that is none is the user's error. */
export async function savedArena(directory: string): Promise<Arena | null> {
  const path = arenaFile(directory);
  if (!existsSync(path)) return null;
  return readJson(path, arenaSchema);
}
