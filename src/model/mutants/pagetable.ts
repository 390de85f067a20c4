import { PageTable } from "../../mm/pagetable.ts";
import type { PageCacheMode } from "../../pat/cachemode.ts";
import { UC_MINUS } from "../../pat/cachemode.ts";
import type { ModeRef } from "../../pat/memtype.ts";
import { PfnRanges, type TrackError } from "../../pat/pfnmap.ts";
import type { SharedFault } from "./shared.ts";

type Copy = Parameters<PageTable["copyFrom"]>;
type Move = Parameters<PageTable["move"]>;
type Track = [start: number, end: number, wanted: PageCacheMode, strict: boolean, granted: ModeRef];

function inTable(
  id: string,
  at: string,
  does: string,
  pageTable: typeof PageTable,
  more: Partial<SharedFault> = {},
): SharedFault {
  return { id, place: "page table", at, does, parts: { pageTable }, on: ["legacy"], ...more };
}

function inRanges(
  id: string,
  at: string,
  does: string,
  ranges: typeof PfnRanges,
  more: Partial<SharedFault> = {},
): SharedFault {
  return { id, place: "pfn ranges", at, does, parts: { ranges }, on: ["modern"], ...more };
}

/** Planted faults in page tables, which VM_PAT derives its ranges from. */
const TABLE_FAULTS: readonly SharedFault[] = [
  inTable(
    "fork-copies-no-head",
    "copyFrom",
    "a child's VMA lacks its first page table entry",
    class extends PageTable {
      override copyFrom(...[source, start, end]: Copy): void {
        super.copyFrom(source, start + 1, end);
      }
    },
    { on: ["legacy", "modern"] },
  ),
  inTable(
    "move-shifts-pfns",
    "move",
    "moved entries map the pfn before",
    class extends PageTable {
      override move(...[at, pages, to]: Move): void {
        super.move(at, pages, to);
        for (let n = 0; n < pages; n++) {
          const pfn = this.pfnAt(to + n);
          if (pfn === null || pfn === 0) continue;
          this.remap(to + n, to + n + 1, pfn - 1, this.modeAt(to + n));
        }
      }
    },
  ),
  inTable(
    "move-loses-entries",
    "move",
    "entries leave the source and do not arrive",
    class extends PageTable {
      override move(...[at, pages]: Move): void {
        this.zap(at, at + pages);
      }
    },
    { on: ["legacy", "modern"] },
  ),
  inTable(
    "remap-skips-head",
    "remap",
    "the first of several pages is not mapped",
    class extends PageTable {
      override remap(...[start, end, pfn, mode]: Parameters<PageTable["remap"]>): void {
        if (end - start < 2) super.remap(start, end, pfn, mode);
        else super.remap(start + 1, end, pfn + 1, mode);
      }
    },
  ),
  inTable(
    "write-copies-nothing",
    "copyOnWrite",
    "a write to a private mapping writes the device page",
    class extends PageTable {
      override copyOnWrite(): void {}
    },
  ),
  inTable(
    "maps-uncached-minus",
    "remap",
    "pages are mapped uncached-minus whatever the tracking granted",
    class extends PageTable {
      override remap(...[start, end, pfn]: Parameters<PageTable["remap"]>): void {
        super.remap(start, end, pfn, UC_MINUS);
      }
    },
  ),
];

/** Planted faults in the layer between mappings and the memtype list. */
const RANGE_FAULTS: readonly SharedFault[] = [
  inRanges(
    "refusal-keeps-entry",
    "track",
    "a refused substitution leaves its reservation behind",
    class extends PfnRanges {
      override track(...[start, end, wanted, strict, granted]: Track): TrackError {
        const error = super.track(start, end, wanted, strict, granted);
        if (error === "EINVAL") this.memtype.reserve(start, end, wanted, granted);
        return error;
      }
    },
  ),
  inRanges(
    "no-pair-refused",
    "track",
    "every substituted mode is accepted",
    class extends PfnRanges {
      override track(...[start, end, wanted, , granted]: Track): TrackError {
        return this.memtype.reserve(start, end, wanted, granted);
      }
    },
  ),
  inRanges(
    "every-pair-refused",
    "track",
    "every substituted mode is refused",
    class extends PfnRanges {
      override track(...[start, end, wanted, , granted]: Track): TrackError {
        return super.track(start, end, wanted, true, granted);
      }
    },
  ),
  inRanges(
    "tracks-page-short",
    "track",
    "the last of several pages is not reserved",
    class extends PfnRanges {
      override track(...[start, end, wanted, strict, granted]: Track): TrackError {
        return super.track(start, Math.max(start + 1, end - 1), wanted, strict, granted);
      }
    },
    { on: ["modern", "legacy"] },
  ),
  inRanges(
    "untracks-page-short",
    "untrack",
    "the last of several pages is not given back",
    class extends PfnRanges {
      override untrack(start: number, end: number): void {
        super.untrack(start, Math.max(start + 1, end - 1));
      }
    },
    { on: ["modern", "legacy"] },
  ),
  inRanges(
    "untracks-next-page",
    "untrack",
    "gives back a range one page further",
    class extends PfnRanges {
      override untrack(start: number, end: number): void {
        super.untrack(start + 1, end + 1);
      }
    },
  ),
  inRanges(
    "tracks-nothing",
    "track",
    "nothing is reserved, everything granted",
    class extends PfnRanges {
      override track(...[, , wanted, , granted]: Track): TrackError {
        granted.mode = wanted;
        return null;
      }
    },
  ),
  inRanges(
    "lookup-uc-minus",
    "lookup",
    "an untracked page is always mapped uncached-minus",
    class extends PfnRanges {
      override lookup(): PageCacheMode {
        return UC_MINUS;
      }
    },
  ),
  inRanges(
    "parts-may-mix",
    "lookupRange",
    "a part that holds two modes is mapped with the first",
    class extends PfnRanges {
      override lookupRange(...[start, , granted]: Parameters<PfnRanges["lookupRange"]>): null {
        granted.mode = this.lookup(start);
        return null;
      }
    },
  ),
  inRanges(
    "lookup-first-page",
    "lookup",
    "one page is looked up by the page before it",
    class extends PfnRanges {
      override lookup(pfn: number): PageCacheMode {
        return super.lookup(Math.max(0, pfn - 1));
      }
    },
  ),
];

/** Planted faults beneath the tracking that are neither in a system call nor in the list. */
export const BASE_FAULTS: readonly SharedFault[] = [...TABLE_FAULTS, ...RANGE_FAULTS];
