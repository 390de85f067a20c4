import { join } from "node:path";
import { type Baseline, baselineSchema } from "../gate.ts";
import { readJson } from "../results/json.ts";
import { projectRoot } from "./files.ts";

/** Where the project's own accepted findings are. */
export function ownBaseline(): string {
  return join(projectRoot(), "reports", "baseline.json");
}

/** Reads and checks a baseline; a fault is a UserError that names the file and the place. */
export async function readBaseline(path: string = ownBaseline()): Promise<Baseline> {
  return readJson(path, baselineSchema);
}

/** The signatures that are accepted. */
export async function acceptedSignatures(): Promise<ReadonlySet<string>> {
  return new Set((await readBaseline()).entries.map((entry) => entry.signature));
}
