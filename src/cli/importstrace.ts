import { basename } from "node:path";
import { DEVICE_CLASSES, type DeviceOption, importStrace, straceLog } from "../strace/import.ts";
import { REGION_VIAS } from "../trace/op.ts";
import { UserError } from "../usererror.ts";
import { linesIn } from "./files.ts";
import { EXIT, type Io, oneLine } from "./io.ts";

export interface ImportStraceOptions {
  /** `PATH` or `PATH=HOW`. */
  readonly device: readonly string[];
  readonly writeBack?: boolean;
  readonly regions?: boolean;
}

/**
 * Prints the trace of a log's device mappings; what the trace does not have goes to stderr. Without one
 * device mapping there is nothing to print, which is no success.
 */
export async function importStraceLog(
  io: Io,
  file: string,
  options: ImportStraceOptions,
): Promise<number> {
  const devices = options.device.map(deviceOption);
  const source = file === "-" ? "standard input" : file;
  const name = file === "-" ? "strace" : basename(file);
  const log = straceLog();
  for await (const line of linesIn(io, file)) log.add(line);
  const { trace, dropped } = imported(log, source, {
    name,
    devices,
    isWriteBack: options.writeBack === true,
    hasRegions: options.regions === true,
  });
  const isEmpty = trace.ops.every(({ op }) => op !== "mmap" && op !== "drv-mmap");
  for (const { line, reason, unknown } of dropped) {
    if (!isEmpty || unknown === undefined) io.err(`${oneLine(`${source}:${line}: ${reason}`)}\n`);
  }
  if (isEmpty) {
    const unknown = [...new Set(dropped.flatMap((one) => one.unknown ?? []))];
    const maps = unknown.length === 0 ? "" : `; it maps ${unknown.join(", ")}`;
    const told = `no device mapping in it (name device files with --device PATH[=HOW]${maps})`;
    io.err(`${oneLine(`${source}: ${told}`)}\n`);
    return EXIT.divergence;
  }
  await io.out(`${JSON.stringify(trace)}\n`);
  return EXIT.ok;
}

function imported(
  log: Parameters<typeof importStrace>[0],
  source: string,
  options: Parameters<typeof importStrace>[1],
): ReturnType<typeof importStrace> {
  try {
    return importStrace(log, options);
  } catch (error) {
    if (error instanceof UserError) throw new UserError(`${source}: ${error.message}`);
    throw error;
  }
}

/** A path that ends in `=HOW` says how it is mapped; else that is what is known of the path. */
function deviceOption(text: string): DeviceOption {
  const at = text.lastIndexOf("=");
  const [path, how] = at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
  const via = REGION_VIAS.find((known) => known === how) ?? "resource";
  const maps = DEVICE_CLASSES.find((known) => known === how);
  if (path !== "" && how === null) return { path, via };
  if (path !== "" && maps !== undefined) return { path, via, maps };
  if (path !== "" && via === how) return { path, via, maps: "remap" };
  const known = [...DEVICE_CLASSES, ...REGION_VIAS].join(", ");
  throw new UserError(
    `--device ${JSON.stringify(text)}: expected PATH or PATH=HOW (HOW: ${known})`,
  );
}
