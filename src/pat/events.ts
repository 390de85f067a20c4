import type { PageCacheMode } from "./cachemode.ts";

/** The kernel messages that the memtype code prints, and warnings, with pfn ranges in pages. */
export type PatEvent =
  | { readonly kind: "invalid-free"; readonly start: number; readonly end: number }
  | {
      readonly kind: "conflict";
      readonly start: number;
      readonly end: number;
      readonly found: PageCacheMode;
      readonly other: PageCacheMode;
    }
  | {
      readonly kind: "reserve-failed";
      readonly start: number;
      readonly end: number;
      readonly track: PageCacheMode;
      readonly request: PageCacheMode;
    }
  | {
      readonly kind: "type-mismatch";
      readonly start: number;
      readonly end: number;
      readonly request: PageCacheMode;
      readonly got: PageCacheMode;
    }
  | {
      /** A RAM page is mapped with another mode than it has; it is given the mode it has. */
      readonly kind: "ram-request";
      readonly start: number;
      readonly end: number;
      readonly request: PageCacheMode;
      readonly got: PageCacheMode;
    }
  | {
      /** set_memory_*() found RAM pages that have a mode already. */
      readonly kind: "ram-busy";
      readonly start: number;
      readonly end: number;
      readonly track: PageCacheMode;
      readonly request: PageCacheMode;
    }
  | {
      /** A page table entry that a VMA does not say it may have (print_bad_pte()), and what it holds. */
      readonly kind: "bad-page-map";
      readonly start: number;
      readonly end: number;
      readonly type: PageCacheMode;
      /** The pages are of RAM, and counted so. */
      readonly ram?: true;
    }
  | { readonly kind: "warn"; readonly text: string }
  | {
      /** BUG(): the task that made the call is dead. */
      readonly kind: "bug";
      readonly text: string;
    };
