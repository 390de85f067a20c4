import { cattrName, type PageCacheMode } from "../../src/pat/cachemode.ts";
import { isRam, RAM_START } from "../../src/pat/rampages.ts";
import type { KernelMap, Mapped, Memtype, VmaState } from "../../src/trace/recording.ts";

/** Pages of a process that map consecutive pfns with one mode; `page` is a virtual one. */
export interface PageRun {
  readonly page: number;
  readonly pages: number;
  readonly pfn: number;
  readonly mode: PageCacheMode;
}

/** The rows of so many words that bytes hold. */
export function rowsIn(bytes: Buffer, width: number): number[][] {
  const rows: number[][] = [];
  for (let at = 0; at + width * 4 <= bytes.length; at += width * 4) {
    rows.push(Array.from({ length: width }, (_, word) => bytes.readInt32LE(at + word * 4)));
  }
  return rows;
}

/** Runs as the guest's module gives them (struct pfndiff_entries in module/pfndiff.h). */
export function runsIn(bytes: Buffer): PageRun[] {
  return rowsIn(bytes, 3).map(([page = 0, pages = 0, entry = 0]) => ({
    page,
    pages,
    pfn: entry >> 3,
    mode: (entry & 7) as PageCacheMode,
  }));
}

/** A pfn as recordings have it: of the region, or said to be of RAM. */
function shownPfn(pfn: number): Pick<Mapped, "pfn" | "ram"> {
  return isRam(pfn) ? { pfn: pfn - RAM_START, ram: true } : { pfn };
}

/** What the page table of a VMA has: `maps` for one of a driver's file, else `modes`. */
export function tablesOf(
  { start, end }: { readonly start: number; readonly end: number },
  runs: readonly PageRun[],
  isOfDriver: boolean,
): Pick<VmaState, "maps" | "modes"> {
  const maps: Mapped[] = [];
  for (const { page, pages, pfn, mode } of runs) {
    const at = Math.max(page, start);
    const upTo = Math.min(page + pages, end);
    if (at >= upTo) continue;
    maps.push({ at, pages: upTo - at, ...shownPfn(pfn + at - page), type: cattrName(mode) });
  }
  if (isOfDriver) return { maps };
  return { modes: maps.map(({ at, pages, type }) => ({ at, pages, type })) };
}

const VIAS = ["ioremap", "memremap", "memremap-pages"] as const;

/** What the kernel has mapped for itself. */
export function kernelMapsIn(bytes: Buffer): KernelMap[] {
  return rowsIn(bytes, 6).map(([via = 0, slot = 0, start = 0, end = 0, mode = 0, ram = 0]) => ({
    via: VIAS[via] ?? "ioremap",
    slot,
    start,
    end,
    type: cattrName(mode as PageCacheMode),
    ...(ram === 0 ? {} : { ram: true as const }),
  }));
}

/** Pages of RAM that are not write-back. */
export function ramIn(bytes: Buffer): Memtype[] {
  return rowsIn(bytes, 3).map(([start = 0, end = 0, mode = 0]) => ({
    start,
    end,
    type: cattrName(mode as PageCacheMode),
  }));
}
