import { basename } from "node:path";
import { beginningOf } from "../explain/beginning.ts";
import { modelsFor } from "../explain/explain.ts";
import { excerptIn } from "./explain.ts";
import { EXIT, type Io, oneLine } from "./io.ts";

export interface ImportStateOptions {
  readonly release?: string;
}

/**
 * Prints a trace that leads to a machine's reservations and mappings; what it does not have goes to
 * stderr. Without one of either there is nothing to begin from, which is no success.
 */
export async function importState(
  io: Io,
  file: string,
  options: ImportStateOptions,
): Promise<number> {
  const source = file === "-" ? "standard input" : file;
  const excerpt = await excerptIn(io, file);
  const [model] = modelsFor(options.release ?? excerpt.release).slice(-1);
  if (model === undefined) throw new Error("a release has a model");
  const name = file === "-" ? "state" : basename(file);
  const { trace, left } = beginningOf(excerpt, name, model);
  for (const reason of left) io.err(`${oneLine(`${source}: ${reason}`)}\n`);
  if (!trace.ops.some(({ op }) => op !== "spawn")) {
    io.err(`${source}: no reservation and no device mapping that a trace can have\n`);
    return EXIT.divergence;
  }
  await io.out(`${JSON.stringify(trace)}\n`);
  return EXIT.ok;
}
