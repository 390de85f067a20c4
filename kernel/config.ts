import { readFileSync } from "node:fs";
import { join } from "node:path";
import { guestSources } from "./guestimage.ts";

/** What a kernel can be built to tell of itself. */
export const DEBUGS = ["kasan", "lockdep", "ptdump", "faults", "gcov"] as const;
export type Debug = (typeof DEBUGS)[number];

/** Kernel options for allnoconfig: what guests need, and what is asked for besides. */
export function configOf(debug: readonly Debug[]): string {
  return ["guest", ...debug]
    .map((name) => readFileSync(join(guestSources(), "..", "config", `${name}.config`), "utf8"))
    .join("\n");
}
