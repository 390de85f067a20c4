import type { Io } from "./io.ts";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Baseline, baselineOf, baselineSchema, isReference } from "../gate.ts";
import { readJson } from "../results/json.ts";
import type { Sides } from "../trace/read.ts";
import { UserError } from "../usererror.ts";
import type { Pair } from "./backends.ts";
import { projectRoot } from "./files.ts";
import { modelsOf } from "./kernelcampaign.ts";

/** Where the project's own accepted findings are. */
export function ownBaseline(): string {
  return join(projectRoot(), "reports", "baseline.json");
}

/** Reads and checks a baseline; a fault is a UserError that names the file and the place. */
export async function readBaseline(path: string = ownBaseline()): Promise<Baseline> {
  return readJson(path, baselineSchema);
}

/** Reads a baseline that is to grow: one that is not there yet is empty. */
export async function begunBaseline(path: string): Promise<Baseline> {
  return existsSync(path) ? readBaseline(path) : { format: "pfndiff/baseline@1", entries: [] };
}

/** A reference that can be looked up; anything else is a UserError. */
export function checkedRef(ref: string): string {
  if (isReference(ref)) return ref;
  throw new UserError(
    `--ref: ${JSON.stringify(ref)} is neither a commit as 12 digits ("title") nor a whole Message-Id`,
  );
}

/** The ids by which entries name a pair: a kernel's is that of the model which stands for it. */
export async function sidesOfPair(pair: Pair, io: Pick<Io, "err">): Promise<Sides> {
  const { before, after } = await modelsOf(pair, (line) => io.err(line));
  return { before: before.id, after: after.id };
}

/** What the project's own baseline accepts of a pair; a kernel is booted to learn its release. */
export async function acceptedFor(pair: Pair, io: Pick<Io, "err">): Promise<Baseline> {
  return baselineOf(await readBaseline(), await sidesOfPair(pair, io));
}
