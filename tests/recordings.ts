import { readFileSync, readdirSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Recording } from "../src/trace/recording.ts";
import { recordingSchema } from "../src/trace/recording.ts";

type Folder = "recordings" | "witnesses" | "pieces" | "regions";

const urlOf = (folder: Folder) => new URL(`./data/${folder}/`, import.meta.url);

/** The recordings of real kernels that the project holds, by file name. */
export function recordingFiles(folder: Folder = "recordings"): string[] {
  return readdirSync(urlOf(folder)).filter((name) => name.endsWith(".jsonl.gz"));
}

export function readRecordings(name: string, folder: Folder = "recordings"): Recording[] {
  const text = gunzipSync(readFileSync(new URL(name, urlOf(folder)))).toString("utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => recordingSchema.parse(JSON.parse(line)));
}
