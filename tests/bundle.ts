import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { refuseStaleBuild, SOURCES_FILE, StaleBuild } from "../src/cli/build.ts";

/** Builds the bundle once a run, unless it is that of the sources. */
export default function buildBundle(): void {
  if (isBuilt()) return;
  execFileSync("npm", ["run", "--silent", "build"], { stdio: "inherit" });
}

function isBuilt(): boolean {
  if (!existsSync(`dist/${SOURCES_FILE}`)) return false;
  try {
    refuseStaleBuild("dist");
    return true;
  } catch (error) {
    if (error instanceof StaleBuild) return false;
    throw error;
  }
}
