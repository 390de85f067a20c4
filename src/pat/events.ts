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
  | { readonly kind: "warn"; readonly text: string };
