import { join } from "node:path";
import { type ScheduleDocument, scheduleSchema } from "../races/document.ts";
import { listFiles } from "../results/disk.ts";
import { readJson } from "../results/json.ts";

/** Where a results directory holds the schedules that `fuzz --races` found. */
export function racesFolder(directory: string): string {
  return join(directory, "races");
}

/** The schedules of a results directory, by name; one that is none is the user's to put right. */
export async function savedRaces(directory: string): Promise<ScheduleDocument[]> {
  const folder = racesFolder(directory);
  const names = await listFiles(folder, ".json");
  return Promise.all(names.sort().map((name) => readJson(join(folder, name), scheduleSchema)));
}
