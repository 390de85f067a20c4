import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmdirSync, statSync } from "node:fs";
import { join } from "node:path";

const BUNDLE = "dist/pfndiff.js";
const FOLDERS = ["src", "legacy", "modern", "fuzz", "reports"];
const FILES = ["package.json", "vite.config.ts", "vite.viewer.config.ts"];

/** A folder that whoever builds holds: test files run side by side, and there is one bundle. */
const LOCK = "node_modules/.pfndiff-build";
const PATIENCE_MS = 60_000;

/** Builds the bundle for the end-to-end tests unless it is newer than everything it is made of. */
export function buildBundle(): void {
  takeLock();
  try {
    buildIfOld();
  } finally {
    rmdirSync(LOCK);
  }
}

function takeLock(): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (const start = performance.now(); ; Atomics.wait(pause, 0, 0, 100)) {
    try {
      mkdirSync(LOCK);
      return;
    } catch (error) {
      // One that a killed test run left behind is taken over.
      if (performance.now() - start > PATIENCE_MS) return;
      if (!existsSync("node_modules")) throw error;
    }
  }
}

function buildIfOld(): void {
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
