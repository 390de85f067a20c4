import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** One file of ours and what it says. */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  /** Files of ours that it imports, types included. */
  readonly imports: readonly string[];
  /** `node:` modules that it imports. */
  readonly builtins: readonly string[];
}

const FOLDERS = ["src", "legacy", "modern", "fuzz", "kernel", "tree", "reports", "tests"];

const IMPORT = /(?:^|\n)\s*(?:import|export)\b[^;"]*?"([^"]+)"|\bimport\("([^"]+)"\)/g;

/** A file by its path from the project's root and its text. */
export function sourceOf(path: string, text: string): Source {
  const named = [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? "");
  const relative = named.filter((name) => name.startsWith("."));
  return {
    path,
    text,
    lines: text.split("\n"),
    imports: relative.map((name) => normalize(join(dirname(path), name))),
    builtins: named.filter((name) => name.startsWith("node:")),
  };
}

/** Every TypeScript file of the project, in order. */
export function readSources(): Source[] {
  return FOLDERS.filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)),
    )
    .filter((path) => /\.tsx?$/.test(path))
    .sort()
    .map((path) => sourceOf(path, readFileSync(path, "utf8")));
}
