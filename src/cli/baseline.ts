import { join } from "node:path";
import { type Baseline, baselineSchema } from "../gate.ts";
import { explain } from "../trace/read.ts";
import { UserError } from "../usererror.ts";
import { jsonIn, projectRoot } from "./files.ts";

/** Where the project's own accepted findings are. */
export function ownBaseline(): string {
  return join(projectRoot(), "reports", "baseline.json");
}

/** Reads and checks a baseline; a fault is a UserError that names the file and the place. */
export async function readBaseline(path: string = ownBaseline()): Promise<Baseline> {
  const value = await jsonIn(path);
  const parsed = baselineSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [place, message] = explain(parsed.error, value);
  throw new UserError(`${path}: ${place}: ${message}`);
}

/** The signatures that are accepted. */
export async function acceptedSignatures(): Promise<ReadonlySet<string>> {
  return new Set((await readBaseline()).entries.map((entry) => entry.signature));
}
