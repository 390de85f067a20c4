import { CACHE_MODES, type CacheMode } from "../../src/pat/cachemode.ts";
import type { Memtype } from "../../src/trace/recording.ts";

export const PAGE_BYTES = 4096;

/** A stretch of physical memory: its first byte and its length in pages. */
export interface PhysicalWindow {
  readonly address: number;
  readonly pages: number;
}

/** The kernel wrote something that we do not know how to read; its text is in the message. */
export class UnreadableKernelText extends Error {
  override readonly name = "UnreadableKernelText";
}

/** The name the kernel uses for a cache mode, checked. */
export function cacheMode(name: string): CacheMode {
  const mode = CACHE_MODES.find((known) => known === name);
  if (mode === undefined) throw new UnreadableKernelText(`no cache mode is called "${name}"`);
  return mode;
}

/** The page number, relative to the window, of a physical address. */
export function pageOf(hex: string, window: PhysicalWindow): number {
  return (Number.parseInt(hex, 16) - window.address) / PAGE_BYTES;
}

/** The first line of the list. */
export const MEMTYPE_LIST_HEAD = "PAT memtype list:";

/** 5.7 and newer: a "[mem start-end] mode" line. Older: "mode @ start-end". Ends are exclusive. */
const FORMATS = [
  /^PAT: \[mem 0x(?<start>[0-9a-f]+)-0x(?<end>[0-9a-f]+)\] (?<type>\S+)$/,
  /^(?<type>\S+) @ 0x(?<start>[0-9a-f]+)-0x(?<end>[0-9a-f]+)$/,
];

/** The reservation of one line of pat_memtype_list, in bytes, or null. */
export function reservationIn(line: string): Memtype | null {
  const match = FORMATS.map((format) => format.exec(line)).find((found) => found !== null);
  const { start, end, type } = match?.groups ?? {};
  if (start === undefined || end === undefined || type === undefined) return null;
  return {
    start: Number.parseInt(start, 16),
    end: Number.parseInt(end, 16),
    type: cacheMode(type),
  };
}

/**
 * The reservations of a window from lines of /sys/kernel/debug/x86/pat_memtype_list, in the
 * kernel's order. Lines of other ranges are passed over; a line that is no reservation throws.
 */
export function parseMemtypeList(text: string, window: PhysicalWindow): Memtype[] {
  const list: Memtype[] = [];
  const page = (address: number) => (address - window.address) / PAGE_BYTES;
  for (const line of text.split("\n")) {
    if (line === "" || line === MEMTYPE_LIST_HEAD) continue;
    const found = reservationIn(line);
    if (found === null) throw new UnreadableKernelText(`in pat_memtype_list: ${line}`);
    const entry = { start: page(found.start), end: page(found.end), type: found.type };
    if (entry.start < window.pages && entry.end > 0) list.push(entry);
  }
  return list;
}
