import { randomUUID } from "node:crypto";
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

/** The folder outside the project that holds images, package lists and the built guest. */
export function cacheFolder(): string {
  const base = process.env["XDG_CACHE_HOME"];
  return join(base !== undefined && base !== "" ? base : join(homedir(), ".cache"), "pfndiff");
}

/**
 * Makes a folder appear whole or not at all: `fill` works in a folder of its own, which then takes
 * the place of `target`. Two runs at once both succeed, and a killed one leaves nothing half made.
 */
export async function publishFolder(
  target: string,
  fill: (folder: string) => Promise<void>,
): Promise<void> {
  const draft = `${target}.${randomUUID()}.draft`;
  mkdirSync(dirname(target), { recursive: true });
  mkdirSync(draft);
  try {
    await fill(draft);
    rmSync(target, { recursive: true, force: true });
    renameSync(draft, target);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
