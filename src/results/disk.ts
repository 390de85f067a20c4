import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import type { z } from "zod";
import { explain } from "../trace/read.ts";
import { UserError } from "../usererror.ts";

/** A JSON file's value of this shape; a file that is not so is the user's to put right. */
export async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  const text = await onDisk(path, (file) => readFile(file, "utf8"));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UserError(`${path}: is not JSON`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [place, message] = explain(parsed.error, value);
  throw new UserError(`${path}: ${place === "" ? "" : `${place}: `}${message}`);
}

/** Writes a JSON file, which is on the disk when this resolves. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeWhole(path, `${JSON.stringify(value, null, 2)}\n`, true);
}

/**
 * Writes to a name of its own beside the target, then renames: a reader never sees half a file.
 * Only a synced one is sure to be there after the machine went down.
 */
export async function writeWhole(path: string, text: string, isSynced: boolean): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await onDisk(path, async () => {
    try {
      const file = await open(temporary, "w");
      try {
        await file.writeFile(text);
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
  const names = await onDisk(folder, async (path) => {
    try {
      return await readdir(path);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return [];
      throw error;
    }
  });
  return names.filter((name) => name.endsWith(ending)).sort();
}

export const makeFolder = (path: string) =>
  onDisk(path, (folder) => mkdir(folder, { recursive: true }));
export const removeFile = (path: string) => onDisk(path, (file) => rm(file, { force: true }));

export const moveFile = (from: string, to: string) => onDisk(from, (file) => rename(file, to));

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : "";

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
async function onDisk<T>(path: string, work: (path: string) => Promise<T>): Promise<T> {
  try {
    return await work(path);
  } catch (error) {
    throw systemFault(path, error);
  }
}
