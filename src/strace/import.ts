import { UserError } from "../usererror.ts";
import { type Trace, traceSchema } from "../trace/trace.ts";
import type { DeviceOption } from "./devices.ts";
import { type Dropped, StraceLog } from "./lines.ts";
import { mmap2Unit } from "./offsets.ts";
import { inEffect } from "./order.ts";
import { Importer, matters } from "./importer.ts";
import { renumbered } from "./renumber.ts";

export { DEVICE_CLASSES, type DeviceOption } from "./devices.ts";
export type { Dropped } from "./lines.ts";

export interface ImportOptions {
  /** The trace's name. */
  readonly name?: string;
  /** Paths to take for devices, besides /dev/mem and PCI resource files. */
  readonly devices?: readonly DeviceOption[];
  /** The device lies where the MTRRs say write-back, which a log does not tell. */
  readonly isWriteBack?: boolean;
  /** Low memory is kept beside an aperture, as a region of its own. */
  readonly hasRegions?: boolean;
}

export interface ImportResult {
  readonly trace: Trace;
  /** What the log has and the trace has not, by line. */
  readonly dropped: readonly Dropped[];
}

/** A log to be read line by line, before it is imported. */
export const straceLog = () => new StraceLog(matters);

/**
 * The device mappings of a program, from a log of strace -f as docs/reproducers.md has it (-t, -tt,
 * -ttt, -r, -i, -n, -T, -y, -yy, -Y, -X raw and -X verbose do no harm). Pages are renumbered so that order and adjacency stay. Pure; a log that cannot be read is a
 * UserError that names the line.
 */
export function importStrace(log: StraceLog, options: ImportOptions = {}): ImportResult {
  const lines = inEffect(log.lines);
  if (lines.length === 0) throw new UserError("no line of an strace log (strace -f -o FILE ...)");
  const rules = { devices: options.devices ?? [], mmap2Unit: mmap2Unit(lines) };
  const run = (keepsLow: boolean) => {
    const importer = new Importer({ ...rules, keepsLow });
    importer.read(lines);
    return importer;
  };
  // Most of what takes a trace knows one region, and the aperture says more than low memory.
  const first = run(true);
  const hasBoth = first.regions.sawLow && first.regions.sawAperture;
  const chosen = hasBoth && options.hasRegions !== true ? run(false) : first;
  const bar = options.isWriteBack === true ? "write-back-bar" : "bar";
  const memories = {
    low: chosen.regions.lowMemory,
    other: chosen.regions.sawLow && !chosen.regions.sawAperture ? null : bar,
  } as const;
  const trace = traceSchema.parse(renumbered(options.name ?? "strace", memories, chosen.ops));
  const dropped = [...log.dropped, ...chosen.dropped].sort((a, b) => a.line - b.line);
  return { trace, dropped };
}
