import type { MmProfile } from "../src/mm/profile.ts";

/** The releases of the refcounted design. */
export const MODERN_PROFILES = {
  /** 6.16.12, seen in its recordings: a fixed destination is lost before a bad source is found. */
  "6.16": {
    release: "6.16",
    mmapFreesReplacedFirst: false,
    devmemMapsAfterFree: false,
    mremapChecksOverlapFirst: false,
    mremapChecksBeforeUnmap: false,
    mremapMovesSeveral: false,
    remapChecksPartOfPrivateFirst: false,
    vmFlagsAssertWriteLock: true,
    mremapErrorClearsSource: false,
  },
  /** 6.18.15, seen in its recordings: mremap() checks first, and moves several VMAs. */
  "6.18": {
    release: "6.18",
    mmapFreesReplacedFirst: false,
    devmemMapsAfterFree: false,
    mremapChecksOverlapFirst: true,
    mremapChecksBeforeUnmap: true,
    mremapMovesSeveral: true,
    remapChecksPartOfPrivateFirst: false,
    vmFlagsAssertWriteLock: true,
    mremapErrorClearsSource: false,
  },
  /** drivers/char/mem.c and mm/vma.c of 7.2.12: /dev/mem maps in an action, after the free. */
  "7.2": {
    release: "7.2",
    mmapFreesReplacedFirst: false,
    devmemMapsAfterFree: true,
    mremapChecksOverlapFirst: true,
    mremapChecksBeforeUnmap: true,
    mremapMovesSeveral: true,
    remapChecksPartOfPrivateFirst: true,
    vmFlagsAssertWriteLock: false,
    mremapErrorClearsSource: false,
  },
} as const satisfies Record<string, MmProfile>;

export type ModernRelease = keyof typeof MODERN_PROFILES;
