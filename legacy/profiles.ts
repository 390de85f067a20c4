import type { MmProfile } from "../src/mm/profile.ts";

/** The releases of the VM_PAT design. Debian's builds hold the later backports of their series. */
export const LEGACY_PROFILES = {
  /** mm/mmap.c of 6.1.192: mmap_region() unmaps the range before it calls the driver. */
  "6.1": {
    release: "6.1",
    mmapFreesReplacedFirst: true,
    hasMmapActions: false,
    devmemSyncNeedsPat: false,
    procMemForces: true,
    peekWarnsOfCopies: true,
    mremapChecksOverlapFirst: false,
    mremapChecksBeforeUnmap: false,
    mremapMovesSeveral: false,
    remapChecksPartOfPrivateFirst: false,
    vmFlagsAssertWriteLock: false,
    mremapCountsMaps: "fixed-apart",
    mremapRoom: { early: 6, move: 4 },
    hasMseal: false,
    hasGuardPages: false,
    dontunmapJoins: "none",
    dontunmapCutsLocked: true,
    populateStepsOverGaps: true,
    sysfsHasLargeFiles: false,
    mprotectLooksAtPages: false,
    zapsMixed: false,
    mergesIntoUnwritten: false,
    mremapErrorClearsSource: false,
  },
  /** mm/mmap.c of 6.12.117: pages cleared first, VMAs freed after the driver's handler. */
  "6.12": {
    release: "6.12",
    mmapFreesReplacedFirst: false,
    hasMmapActions: false,
    devmemSyncNeedsPat: false,
    procMemForces: true,
    peekWarnsOfCopies: true,
    mremapChecksOverlapFirst: false,
    mremapChecksBeforeUnmap: false,
    mremapMovesSeveral: false,
    remapChecksPartOfPrivateFirst: false,
    vmFlagsAssertWriteLock: true,
    mremapCountsMaps: "fixed-apart",
    mremapRoom: { early: 6, move: 4 },
    hasGuardPages: false,
    dontunmapJoins: "others",
    dontunmapCutsLocked: true,
    populateStepsOverGaps: false,
    sysfsHasLargeFiles: false,
    hasMseal: true,
    mprotectLooksAtPages: false,
    zapsMixed: false,
    mergesIntoUnwritten: false,
    mremapErrorClearsSource: false,
  },
} as const satisfies Record<string, MmProfile>;

export type LegacyRelease = keyof typeof LEGACY_PROFILES;
