import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const BUNDLE = "dist/pfndiff.js";
const FOLDERS = ["src", "legacy", "modern", "fuzz", "reports"];
const FILES = ["package.json", "vite.config.ts", "vite.viewer.config.ts"];

/** Builds the bundle for the end-to-end tests unless it is newer than everything it is made of. */
export function buildBundle(): void {
  const sources = FOLDERS.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)),
  );
  const newest = Math.max(...[...sources, ...FILES].map(modified));
  if (existsSync(BUNDLE) && modified(BUNDLE) > newest) return;
  execFileSync("npm", ["run", "--silent", "build"], { stdio: "inherit" });
}

function modified(path: string): number {
  return statSync(path).mtimeMs;
}
