import { readFileSync, readdirSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Recording } from "../src/trace/recording.ts";
import { recordingSchema } from "../src/trace/recording.ts";

const folder = new URL("./data/recordings/", import.meta.url);

/** The recordings of real kernels that the project holds, by file name. */
export function recordingFiles(): string[] {
  return readdirSync(folder).filter((name) => name.endsWith(".jsonl.gz"));
}

export function readRecordings(name: string): Recording[] {
  const text = gunzipSync(readFileSync(new URL(name, folder))).toString("utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => recordingSchema.parse(JSON.parse(line)));
}
