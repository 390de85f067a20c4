/**
 * What differs between kernel releases and is not tracking. Each fact says what the release
 * does; mm asks for the fact, never for the release. The rows are in legacy/profiles.ts and
 * modern/profiles.ts, with where each fact was seen.
 */
export interface MmProfile {
  /** The release, as recordings of kernels spell its first two numbers. */
  readonly release: string;
  /** mmap(MAP_FIXED) has freed the VMAs it replaces before the driver maps anything (to 6.11). */
  readonly mmapFreesReplacedFirst: boolean;
  /** A remap that mmap_prepare() asks for, as /dev/mem's does, comes after the replaced VMAs are freed (6.19 on). */
  readonly hasMmapActions: boolean;
  /**
   * /proc/PID/mem reads what the process itself may not (FOLL_FORCE): a choice of Debian's builds, to
   * 7.0, as seen on each release.
   */
  readonly procMemForces: boolean;
  /** A read of a copied page, or of RAM that a driver has mapped, through it warns of an ioremap() of RAM; to 7.2, as seen on each release. */
  readonly peekWarnsOfCopies: boolean;
  /**
   * Without PAT /dev/mem gives no other mode to a file that was opened O_SYNC. Read in 7.2.13; no
   * stock kernel shows it, and of 6.16 to 7.1 it is taken from there.
   */
  readonly devmemSyncNeedsPat: boolean;
  /** mremap() refuses an overlap of source and destination before it looks for the source (6.17 on). */
  readonly mremapChecksOverlapFirst: boolean;
  /** mremap() to a fixed address checks the source before it unmaps the destination (6.17 on). */
  readonly mremapChecksBeforeUnmap: boolean;
  /** mremap() of unchanged size to a fixed address may move several VMAs (6.17 on). */
  readonly mremapMovesSeveral: boolean;
  /** remap_pfn_range() refuses a part of a private mapping before anything else (6.19 on). */
  readonly remapChecksPartOfPrivateFirst: boolean;
  /** VMA flags written in a fault, without the mmap write lock, warn (6.12 to 6.18). */
  readonly vmFlagsAssertWriteLock: boolean;
  /**
   * When mremap() makes sure that it will not run out of VMAs half-way: with a fixed destination
   * only, once that is known to lie apart from a source (to 6.12) or before a source is looked for
   * (6.16 on); or always, and before anything else is looked at (7.1 on).
   */
  readonly mremapCountsMaps: "fixed-apart" | "fixed-first" | "always";
  /** How many more VMAs there must be room for, then and again when a VMA is about to move. */
  readonly mremapRoom: { readonly early: number; readonly move: number };
  /** There is mseal() (6.10 on). */
  readonly hasMseal: boolean;
  /** There are guard pages (madvise(MADV_GUARD_INSTALL), 6.13 on). */
  readonly hasGuardPages: boolean;
  /** What unwritten memory that mremap() moves beside a source that stays may join there: the source too, only others, or nothing. */
  readonly dontunmapJoins: "source" | "others" | "none";
  /** mremap() that keeps a locked source cuts it first, so that only what moved is unlocked. */
  readonly dontunmapCutsLocked: boolean;
  /** What madvise() populates steps over gaps, which make it ENOMEM in the end (6.1). */
  readonly populateStepsOverGaps: boolean;
  /** A file of sysfs may be larger than 2 GiB. */
  readonly sysfsHasLargeFiles: boolean;
  /** Written anonymous memory merges with a neighbour that nobody has written yet (6.16 on). */
  readonly mergesIntoUnwritten: boolean;
  /**
   * mprotect() asks of every page whether it is a normal one (vm_normal_page()): seen in the code of 7.2.13, and since
   * it works in batches, which began with 6.17.
   */
  readonly mprotectLooksAtPages: boolean;
  /** A file's mapping may have entries of 2 MiB for pfns (CONFIG_ARCH_SUPPORTS_PMD_PFNMAP, 6.12 on). */
  readonly hasPmdPfnmap: boolean;
  /** A driver's zap of its own VMA takes pages of a VM_MIXEDMAP too (zap_special_vma_range(); seen in 7.2.13, 7.1 on). */
  readonly zapsMixed: boolean;
  /** Of a range that begins in low memory the MTRRs are asked for its first page alone (6.1). */
  readonly mtrrOfFirstPage: boolean;
  /** A failed move says of the source, not of the copy, that its pages moved away (6.15 only). */
  readonly mremapErrorClearsSource: boolean;
}
