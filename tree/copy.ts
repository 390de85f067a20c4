import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { writeWhole } from "../src/results/disk.ts";
import { FileLock } from "../src/results/lock.ts";
import {
  revisionSources,
  type Seen,
  type Sources,
  standingSources,
  type TreeSpec,
  type Wants,
} from "./sources.ts";

/** Who is told of a build: what goes on, in a few words, and what the user should know of it. */
export interface Watcher {
  progress(text: string): void;
  tell(text: string): void;
  /** Ends what goes on. */
  readonly interrupted: AbortSignal | undefined;
}

/** How long to wait between two looks at a lock that another build holds. */
const LOCK_MS = 500;

export const hashOf = (...texts: readonly (string | Buffer)[]) => {
  const sum = createHash("sha256");
  for (const text of texts) sum.update(text).update("\0");
  return sum.digest("hex").slice(0, 16);
};

/** Does something alone in a folder of the cache; two builds at once do not meet. */
export async function alone<T>(
  id: string,
  work: string,
  watcher: Watcher,
  build: () => Promise<T>,
): Promise<T> {
  const lock = await locked(join(work, "lock"), () =>
    watcher.progress(`waiting for another build of ${id}`),
  );
  try {
    return await build();
  } finally {
    await lock.release();
  }
}

async function locked(path: string, onWait: () => void): Promise<FileLock> {
  for (;;) {
    const taken = await FileLock.take(path);
    if (taken instanceof FileLock) return taken;
    onWait();
    await sleep(LOCK_MS);
  }
}

export const copyOf = (work: string) => join(work, "tree");

/** The files that the build of a tree is made of. */
export async function sourcesIn(
  { path, rev }: TreeSpec,
  work: string,
  wants: Wants,
): Promise<Sources> {
  if (rev !== null) return revisionSources(path, rev, join(work, "index"), wants);
  const seenFile = join(work, "seen.json");
  const seen: Seen = existsSync(seenFile) ? JSON.parse(readFileSync(seenFile, "utf8")) : {};
  const sources = await standingSources(path, seen, wants);
  await writeWhole(seenFile, JSON.stringify(seen), false);
  return sources;
}

/** Brings the copy up to date; a file whose content is the same keeps its time, for make goes by that. */
export async function bringCopy({ files, write }: Sources, work: string): Promise<void> {
  const copy = copyOf(work);
  const listFile = join(work, "copied.json");
  const had: Record<string, string> = existsSync(listFile)
    ? JSON.parse(readFileSync(listFile, "utf8"))
    : {};
  const changed = [...files.keys()].filter((path) => had[path] !== files.get(path));
  const gone = Object.keys(had).filter((path) => !files.has(path));
  // One that is cut short leaves files of which nobody knows what they hold.
  const between = { ...had, ...Object.fromEntries(changed.map((path) => [path, ""])) };
  await writeWhole(listFile, JSON.stringify(between), false);
  for (const path of [...gone, ...changed])
    rmSync(join(copy, path), { recursive: true, force: true });
  await write(changed, copy);
  await writeWhole(listFile, JSON.stringify(Object.fromEntries(files)), false);
}
