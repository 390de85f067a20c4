/**
 * Cache modes by the names that /sys/kernel/debug/x86/pat_memtype_list and the kernel log use
 * (cattr_name() in arch/x86/mm/pat/memtype.c, 6.1 to 7.3).
 */
export const CACHE_MODES = [
  "write-back",
  "write-combining",
  "uncached-minus",
  "uncached",
  "write-through",
  "write-protected",
] as const;

/** A cache mode (the kernel's page_cache_mode), by the name the kernel prints. */
export type CacheMode = (typeof CACHE_MODES)[number];

/** The short names of the field, for drawings and tables. */
export const SHORT_MODE: Readonly<Record<CacheMode, string>> = {
  "write-back": "WB",
  "write-combining": "WC",
  "uncached-minus": "UC-",
  uncached: "UC",
  "write-through": "WT",
  "write-protected": "WP",
};
