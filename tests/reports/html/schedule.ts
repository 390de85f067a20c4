import { readFileSync } from "node:fs";
import { type ScheduleDocument, scheduleSchema } from "../../../src/races/document.ts";

/** The race that frees a live mapping's reservation in silence, as Debian's 6.12.117 ran it. */
export const SCHEDULE: ScheduleDocument = scheduleSchema.parse(
  JSON.parse(
    readFileSync(
      new URL("../../data/schedules/revoke-munmap-silent.json", import.meta.url),
      "utf8",
    ),
  ),
);
