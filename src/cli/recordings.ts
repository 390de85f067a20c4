import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { systemFault } from "../results/disk.ts";
import { projectRoot } from "./files.ts";

/** The recordings of real kernels that the project ships, by release: of traces at large, or of accepted findings'. */
export async function ownRecordings(
  folder: "recordings" | "witnesses" = "recordings",
): Promise<string[]> {
  const directory = join(projectRoot(), "tests", "data", folder);
  try {
    const names = (await readdir(directory)).filter((name) => /\.jsonl(\.gz)?$/.test(name));
    const sorted = names.sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    return sorted.map((name) => relative(process.cwd(), join(directory, name)));
  } catch (error) {
    throw systemFault(directory, error);
  }
}
