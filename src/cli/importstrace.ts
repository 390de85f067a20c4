import { basename } from "node:path";
import { type DeviceOption, importStrace } from "../strace/import.ts";
import { VIAS } from "../trace/op.ts";
import { UserError } from "../usererror.ts";
import { textIn } from "./files.ts";
import { EXIT, type Io, oneLine } from "./io.ts";

export interface ImportStraceOptions {
  /** `PATH` or `PATH=via`. */
  readonly device: readonly string[];
}

/** Prints the trace of a log's device mappings; what the trace does not have goes to stderr. */
export async function importStraceLog(
  io: Io,
  file: string,
  options: ImportStraceOptions,
): Promise<number> {
  const devices = options.device.map(deviceOption);
  const source = file === "-" ? "standard input" : file;
  const name = file === "-" ? "strace" : basename(file);
  const { trace, dropped } = imported(await textIn(io, file), source, { name, devices });
  for (const { line, reason } of dropped) io.err(`${oneLine(`${source}:${line}: ${reason}`)}\n`);
  if (trace.ops.every(({ op }) => op !== "mmap")) {
    io.err(`${source}: no device mapping in it (name device files with --device PATH[=via])\n`);
  }
  await io.out(`${JSON.stringify(trace)}\n`);
  return EXIT.ok;
}

function imported(
  text: string,
  source: string,
  options: Parameters<typeof importStrace>[1],
): ReturnType<typeof importStrace> {
  try {
    return importStrace(text, options);
  } catch (error) {
    if (error instanceof UserError) throw new UserError(`${source}: ${error.message}`);
    throw error;
  }
}

/** A path that ends in `=via` says how it maps; else it maps as a resource file does. */
function deviceOption(text: string): DeviceOption {
  const at = text.lastIndexOf("=");
  const [path, name] = at < 0 ? [text, "resource"] : [text.slice(0, at), text.slice(at + 1)];
  const via = VIAS.find((known) => known === name);
  if (via !== undefined && path !== "") return { path, via };
  throw new UserError(
    `--device ${JSON.stringify(text)}: expected PATH or PATH=via (via: ${VIAS.join(", ")})`,
  );
}
