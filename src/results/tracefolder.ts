import { join } from "node:path";
import { z } from "zod";
import { type Trace, traceSchema } from "../trace/trace.ts";
import { UserError } from "../usererror.ts";
import { listFiles, makeFolder, writeJson, writeWhole } from "./disk.ts";
import { readJson } from "./json.ts";
import { shortHash } from "../../fuzz/plan.ts";

const ENDING = ".trace.json";

/** pfndiff/corpus@1: the corpus that a campaign began with, kept beside its journal. */
const snapshotSchema = z.strictObject({
  format: z.literal("pfndiff/corpus@1"),
  traces: z.array(traceSchema),
});

/** Fields in one order, whoever wrote them. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return fields.map(([name, field]) => [name, canonical(field)]);
}

/** Names a trace by its content: 16 hex digits of a SHA-256 over its world and ops. */
function contentName({ world, ops }: Trace): string {
  return shortHash(canonical([world, ops]));
}

/** Names a corpus by its traces, in whatever order they are; null for an empty one. */
export function corpusHash(traces: readonly Trace[]): string | null {
  return traces.length === 0 ? null : shortHash([...new Set(traces.map(contentName))].sort());
}

/** The traces of a corpus folder, in the order of their names; a file that is not what its name says is refused. */
export async function loadCorpus(dir: string): Promise<Trace[]> {
  const traces: Trace[] = [];
  for (const name of await listFiles(dir, ENDING)) {
    const trace = await readJson(join(dir, name), traceSchema);
    if (`${contentName(trace)}${ENDING}` !== name) {
      throw new UserError(
        `${join(dir, name)}: was changed: its name is not that of its content (remove it)`,
      );
    }
    traces.push(trace);
  }
  return traces;
}

/** Adds traces to a corpus folder, one file each; returns how many it did not hold. */
export async function saveCorpus(dir: string, traces: readonly Trace[]): Promise<number> {
  await makeFolder(dir);
  const known = new Set(await listFiles(dir, ENDING));
  let added = 0;
  for (const { format, world, ops } of traces) {
    const name = contentName({ format, name: "", world, ops });
    const file = `${name}${ENDING}`;
    if (known.has(file)) continue;
    known.add(file);
    added += 1;
    const text = JSON.stringify({ format, name: `corpus ${name}`, world, ops });
    // What a power cut leaves half of is refused by its name: a sync for each would take minutes.
    await writeWhole(join(dir, file), `${text}\n`, false);
  }
  return added;
}

const snapshotPath = (dir: string, hash: string) => join(dir, `corpus-${hash}.json`);

/** Keeps the corpus of a campaign in its results folder; the user's own may grow meanwhile. */
export async function saveSnapshot(dir: string, traces: readonly Trace[]): Promise<void> {
  const hash = corpusHash(traces);
  if (hash === null) return;
  await makeFolder(dir);
  await writeJson(snapshotPath(dir, hash), { format: "pfndiff/corpus@1", traces });
}

/** The corpus of this hash that a results folder keeps; none for null. */
export async function loadSnapshot(dir: string, hash: string | null): Promise<readonly Trace[]> {
  if (hash === null) return [];
  const path = snapshotPath(dir, hash);
  const { traces } = await readJson(path, snapshotSchema);
  if (corpusHash(traces) === hash) return traces;
  throw new UserError(`${path}: was changed: it is not the corpus that the campaign began with`);
}
