import type { CacheMode } from "../pat/cachemode.ts";
import type { VmaState } from "./recording.ts";

/** A run of virtual pages from `at` on that map consecutive pfns; no `type` where nothing tells the mode. */
export interface MappedRun {
  readonly at: number;
  readonly pages: number;
  readonly pfn: number;
  readonly type?: CacheMode;
  /** The pfn counts pages of RAM. */
  readonly ram?: true | undefined;
}

/** What a VMA maps: by its page table where the side shows it, else all of it, in a mode that is not told. */
export function mappedRuns({ start, end, pfn, maps, modes, anon }: VmaState): readonly MappedRun[] {
  if (anon === true) return [];
  if (maps !== undefined) return maps;
  if (modes === undefined) return [{ at: start, pages: end - start, pfn }];
  return modes.map((run) => ({ ...run, pfn: pfn + run.at - start }));
}
