import { splitArguments } from "./args.ts";
import type { LogLine } from "./lines.ts";

const PAGE = 4096;
/** More pages than a 32-bit kernel can map. */
const PAE_PAGES = 2 ** 24;

/**
 * What one unit of mmap2()'s offset is in a log, in bytes. The call counts in pages; strace has shown that
 * number as it is, and later as bytes. Offsets that are all whole pages' bytes, and more than one or
 * beyond what 32 bits reach, are bytes.
 */
export function mmap2Unit(lines: readonly LogLine[]): number {
  const offsets = new Set<number>();
  for (const line of lines) {
    if (line.kind !== "call" || line.name !== "mmap2") continue;
    const offset = Number(splitArguments(line.text)[5]);
    if (offset > 0) offsets.add(offset);
  }
  const all = [...offsets];
  const areBytes =
    all.every((offset) => offset % PAGE === 0) &&
    (all.length > 1 || all.some((offset) => offset >= PAE_PAGES));
  return areBytes ? 1 : PAGE;
}
