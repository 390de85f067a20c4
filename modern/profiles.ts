import type { MmProfile } from "../src/mm/profile.ts";

/** 6.18.15, seen in its recordings: mremap() checks first, and moves several VMAs. */
const CHECKS_FIRST = {
  release: "6.18",
  mmapFreesReplacedFirst: false,
  hasMmapActions: false,
  devmemSyncNeedsPat: true,
  procMemForces: true,
  peekWarnsOfCopies: true,
  mremapChecksOverlapFirst: true,
  mremapChecksBeforeUnmap: true,
  mremapMovesSeveral: true,
  remapChecksPartOfPrivateFirst: false,
  vmFlagsAssertWriteLock: true,
  mremapCountsMaps: "fixed-first",
  mremapRoom: { early: 6, move: 4 },
  hasMseal: true,
  hasGuardPages: true,
  dontunmapJoins: "source",
  dontunmapCutsLocked: false,
  populateStepsOverGaps: false,
  sysfsHasLargeFiles: false,
  mergesIntoUnwritten: true,
  mremapErrorClearsSource: false,
  mtrrOfFirstPage: false,
  mprotectLooksAtPages: true,
  zapsMixed: false,
  hasPmdPfnmap: true,
} as const satisfies MmProfile;

/** drivers/char/mem.c and mm/vma.c of 7.2.12: /dev/mem maps in an action, after the free. */
const MAPS_IN_ACTION = {
  ...CHECKS_FIRST,
  release: "7.2",
  hasMmapActions: true,
  remapChecksPartOfPrivateFirst: true,
  vmFlagsAssertWriteLock: false,
  sysfsHasLargeFiles: true,
} as const satisfies MmProfile;

/** mm/mremap.c of 7.2.12: every mremap() counts VMAs first, and asks for less room. */
const COUNTS_ALWAYS = {
  ...MAPS_IN_ACTION,
  dontunmapJoins: "others",
  dontunmapCutsLocked: true,
  procMemForces: false,
  zapsMixed: true,
  mremapCountsMaps: "always",
  mremapRoom: { early: 4, move: 2 },
} as const satisfies MmProfile;

/**
 * The releases of the refcounted design. What the rows of 6.17, 6.19, 7.0, 7.1 and 7.3 say of
 * system calls was seen by random traces on 6.17.13, 6.19.14, 7.0.13, 7.1.13 and 7.3.4; what only
 * drivers can see is taken from the neighbour that they agree with.
 */
export const MODERN_PROFILES = {
  /** 6.16.12, seen in its recordings: a fixed destination is lost before a bad source is found. */
  "6.16": {
    ...CHECKS_FIRST,
    release: "6.16",
    mremapChecksOverlapFirst: false,
    mremapChecksBeforeUnmap: false,
    mremapMovesSeveral: false,
    mprotectLooksAtPages: false,
  },
  "6.17": { ...CHECKS_FIRST, release: "6.17" },
  "6.18": CHECKS_FIRST,
  "6.19": { ...MAPS_IN_ACTION, release: "6.19" },
  "7.0": { ...MAPS_IN_ACTION, release: "7.0" },
  "7.1": { ...COUNTS_ALWAYS, release: "7.1" },
  "7.2": COUNTS_ALWAYS,
  "7.3": {
    ...COUNTS_ALWAYS,
    release: "7.3",
    peekWarnsOfCopies: false,
  },
} as const satisfies Record<string, MmProfile>;

export type ModernRelease = keyof typeof MODERN_PROFILES;
