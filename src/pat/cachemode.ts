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

/** A cache mode as the models hold it: its index in CACHE_MODES, so that a page needs one byte. */
export type PageCacheMode = 0 | 1 | 2 | 3 | 4 | 5;

export const WB: PageCacheMode = 0;
export const WC: PageCacheMode = 1;
export const UC_MINUS: PageCacheMode = 2;
export const UC: PageCacheMode = 3;
export const WT: PageCacheMode = 4;
export const WP: PageCacheMode = 5;

/** The printed name of a mode. */
export function cattrName(mode: PageCacheMode): CacheMode {
  return CACHE_MODES[mode];
}

/**
 * What a page gets that is to have a mode where there is no PAT: the two cache bits that are left have
 * no value for write-combining and write-protected (__cachemode2pte_tbl, arch/x86/mm/init.c, 6.1 to 7.3).
 */
export function modeWithoutPat(mode: PageCacheMode): PageCacheMode {
  return mode === WC || mode === WP ? UC_MINUS : mode;
}

/**
 * What an entry of 2 MiB maps with that is given the bits which a small page has for a mode: PAT's bit is the one that says how
 * large it is (vmf_insert_pfn_pmd(), 6.12 to 7.3).
 */
export function modeOfLarge(mode: PageCacheMode): PageCacheMode {
  if (mode === WT) return UC;
  return mode === WP ? WC : mode;
}

/** What such an entry's mode is taken for where its bits are read as those of a small page (pgprot2cachemode()). */
export function modeMisread(mode: PageCacheMode): PageCacheMode {
  if (mode === WC) return WP;
  return mode === UC ? WT : mode;
}

/**
 * Whether a mapping that wanted one mode may be given another (is_new_memtype_allowed(),
 * arch/x86/include/asm/pgtable.h, 6.1 to 7.3; whole). Everything not refused is substituted
 * silently.
 */
export function isNewMemtypeAllowed(wanted: PageCacheMode, got: PageCacheMode): boolean {
  if (got === WB) return wanted !== UC_MINUS && wanted !== WC && wanted !== WT;
  return !(wanted === WT && got === WC);
}
