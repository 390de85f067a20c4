import { stat } from "node:fs/promises";
import type { z } from "zod";
import { parseAs } from "../trace/read.ts";
import { UserError } from "../usererror.ts";
import { onDisk, unless } from "./disk.ts";
import { textOf } from "./text.ts";

/** A JSON file's value of this shape; a file that is not so is the user's to put right. */
export async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  const parsed = parseAs(await textOf(path), schema);
  if (parsed.ok) return parsed.value;
  const { place, message } = parsed.fault;
  throw new UserError(`${path}: ${place === "" ? "" : `${place}: `}${message}`);
}

/** Whether there is something under this name. */
export async function isThere(path: string): Promise<boolean> {
  return (await onDisk(path, () => unless(["ENOENT"], () => stat(path)))) !== null;
}

/** The same as readJson, or null for a file that another process took away meanwhile. */
export async function readJsonLeft<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
  try {
    return await readJson(path, schema);
  } catch (error) {
    if (await isThere(path)) throw error;
    return null;
  }
}
