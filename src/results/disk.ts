import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { UserError } from "../usererror.ts";

/** Writes a JSON file, which is on the disk when this resolves. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeWhole(path, `${JSON.stringify(value, null, 2)}\n`, true);
}

/**
 * Writes to a name of its own beside the target, then renames: a reader never sees half a file.
 * Only a synced one is sure to be there after the machine went down.
 */
export async function writeWhole(
  path: string,
  data: string | Iterable<string | Uint8Array>,
  isSynced: boolean,
): Promise<void> {
  // Two processes may have one number: each in its own container.
  const temporary = `${path}.${randomUUID()}.tmp`;
  await onDisk(path, async () => {
    try {
      const file = await open(temporary, "w");
      try {
        await writeFile(file, data);
        if (isSynced) await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  });
}

/** The names of a folder's files with this ending, in order; none when there is no folder. */
export async function listFiles(folder: string, ending: string): Promise<string[]> {
  const names = await onDisk(folder, (path) => unless(["ENOENT"], () => readdir(path)));
  return (names ?? []).filter((name) => name.endsWith(ending)).sort();
}

export const makeFolder = (path: string) => onDisk(path, makeFolders);

/** mkdir's own way to make parents tries for ever where one may not be made, as in /proc. */
async function makeFolders(path: string): Promise<void> {
  const isMade = async () => mkdir(path).then(() => true);
  try {
    if ((await unless(["ENOENT"], isMade)) === true) return;
    const parent = dirname(path);
    if (parent !== path) await makeFolders(parent);
    await mkdir(path);
  } catch (error) {
    if (codeOf(error) !== "EEXIST" || !(await stat(path)).isDirectory()) throw error;
  }
}

/** Renames a file, unless another process took it away. */
export const moveFile = (from: string, to: string) =>
  onDisk(from, (file) => unless(["ENOENT"], () => rename(file, to)));

/** The code of a system error, such as ENOENT; empty for any other. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : "";

/** What `work` comes to, or null where it fails with one of these codes of the system. */
export async function unless<T>(
  codes: readonly string[],
  work: () => Promise<T>,
): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (codes.includes(codeOf(error))) return null;
    throw error;
  }
}

/** How a file is named in messages. */
export function nameOf(path: string): string {
  return path === "-" ? "standard input" : path;
}

const SYSTEM_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  EISDIR: "is a directory (name a file in it)",
  ENOTDIR: "a part of the path is not a directory",
  EACCES: "permission denied",
  EPERM: "not permitted",
  EROFS: "the file system is read-only",
  ENOSPC: "no space left",
  EDQUOT: "no space left (a quota)",
  EFBIG: "the file may not grow further (a limit)",
  EEXIST: "is in the way: a file where a directory is needed",
  EIO: "the disk reports an error",
  ENAMETOOLONG: "the name is too long",
  ELOOP: "too many symbolic links",
  Z_DATA_ERROR: "is not gzip data although its name ends in .gz",
  Z_BUF_ERROR: "the gzip data end too early",
};

/** A system error about `path` as one line for the user; any other error is ours and passes. */
export function systemFault(path: string, error: unknown): unknown {
  const words = SYSTEM_FAULTS[codeOf(error)];
  return words === undefined ? error : new UserError(`${nameOf(path)}: ${words}`);
}

/** Does something with a path; what the disk refuses becomes one line for the user. */
export async function onDisk<T>(path: string, work: (path: string) => Promise<T>): Promise<T> {
  try {
    return await work(path);
  } catch (error) {
    throw systemFault(path, error);
  }
}
