import { CACHE_MODES, type CacheMode } from "../../src/pat/cachemode.ts";
import { REGION_PFNS, regionAt } from "../../src/trace/regions.ts";
import type { Memtype } from "../../src/trace/recording.ts";

export const PAGE_BYTES = 4096;

/** A stretch of physical memory: its first byte and its length in pages. */
export interface PhysicalWindow {
  readonly address: number;
  readonly pages: number;
}

/** Where a world lies: its own region, and the others in their order. */
export interface WorldWindow extends PhysicalWindow {
  readonly others?: readonly PhysicalWindow[];
}

/** Pages of a range of bytes as they are shown, or null where none of them is the world's. */
export function shownPages(
  bytes: { readonly start: number; readonly end: number },
  { others = [], ...own }: WorldWindow,
): { start: number; end: number } | null {
  for (const [region, { address, pages }] of [own, ...others].entries()) {
    const page = (at: number) => (at - address) / PAGE_BYTES;
    const [start, end] = [page(bytes.start), page(bytes.end)];
    const first = region * REGION_PFNS;
    if (start < pages && end > 0) return { start: first + start, end: first + end };
  }
  return null;
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

/** The page number, as it is shown, of a physical address. */
export function pageOf(hex: string, window: WorldWindow): number {
  const at = Number.parseInt(hex, 16);
  const shown = shownPages({ start: at, end: at + PAGE_BYTES }, window);
  return shown?.start ?? (at - window.address) / PAGE_BYTES;
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
export function parseMemtypeList(text: string, window: WorldWindow): Memtype[] {
  const list: Memtype[] = [];
  for (const line of text.split("\n")) {
    if (line === "" || line === MEMTYPE_LIST_HEAD) continue;
    const found = reservationIn(line);
    if (found === null) throw new UnreadableKernelText(`in pat_memtype_list: ${line}`);
    const pages = shownPages(found, window);
    if (pages !== null) list.push({ ...pages, type: found.type });
  }
  if (window.others === undefined) return list;
  // Regions stand in the order of their numbers, not of their addresses.
  return list.sort((a, b) => regionAt(Math.max(0, a.start)) - regionAt(Math.max(0, b.start)));
}
