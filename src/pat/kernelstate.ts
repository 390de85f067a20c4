import type { PageCacheMode } from "./cachemode.ts";
import type { PatEvent } from "./events.ts";
import { isRam, ramRange } from "./rampages.ts";

/**
 * The places of the modelled code that allocate memory.
 *
 * `memtype` a reservation (memtype_reserve()); `context` a tracking context; `page-table` a page
 * table of 512 entries; `vma` a duplicate of a VMA (split, move, fork); `vma-setup` what a new
 * duplicate needs before it is in the tree (policy, anon_vma, tree nodes), so that it is freed
 * again; `kernel-area` a kernel mapping's own address range or memory map (ioremap(),
 * memremap_pages()); `maple-node` a node of the tree that a process' VMAs are in, or several of them at once: how many an op
 * asks for hangs on how the tree has grown, which no model has, so nothing fails there but in the kernel's own code.
 */
export const ALLOCATION_SITES = [
  "memtype",
  "context",
  "page-table",
  "vma",
  "vma-setup",
  "kernel-area",
  "maple-node",
] as const;

export type AllocationSite = (typeof ALLOCATION_SITES)[number];

/** What a warning says of VMA flags that are written in a fault. */
export const UNLOCKED = "VMA flags written without the mmap write lock";

/** print_bad_pte() says no more than so many within a minute; a trace takes less. */
const MOST_BAD_PAGES = 60;

/** The nth allocation at a site within an op, counted from 1. */
interface FailedAllocation {
  readonly at: AllocationSite;
  readonly nth: number;
}

/**
 * What of a running kernel is neither list nor log: which allocation is told to fail, which
 * one-time warnings have fired since boot, and whether the code at work holds the mmap lock for
 * writing.
 */
export class KernelState {
  /** A fault handler is running: the mmap lock is held for reading only. */
  inFault = false;
  /** Regions that a driver has claimed (IORESOURCE_BUSY), on a kernel with IO_STRICT_DEVMEM: a bit each. */
  claimed = 0;
  private forks = 0;
  /** How far behind its original the copy that the last fork made is put in a file's tree. */
  private behind = 1;
  private links = 0;
  private anonVmas = 0;
  private duplicates = 0;
  private badPages = 0;
  private failed: FailedAllocation | null = null;
  private told: FailedAllocation | null = null;
  private left = 0;
  private readonly warned = new Set<string>();

  constructor(
    private readonly log: PatEvent[],
    /** Writing VMA flags without the write lock warns (mmap_assert_write_locked()). */
    private readonly assertsWriteLock: boolean = false,
    /** pat_enabled(): booted with `nopat` a kernel reserves nothing and looks nothing up. */
    readonly hasPat: boolean = true,
  ) {}

  /** A number for a VMA that is linked into a file's tree: behind all that begin where it does. */
  linkOrder(): number {
    this.links++;
    return this.links;
  }

  /** A number for a new anon_vma, which no other has. */
  nextAnonVma(): number {
    this.anonVmas++;
    return this.anonVmas;
  }

  /** Counts a fork. */
  beginFork(): void {
    this.forks++;
    this.behind = 2 ** -this.forks;
  }

  /** A number for a copy that fork() puts right behind its original, before earlier copies. */
  copyOrder(original: number): number {
    return original + this.behind;
  }

  /** An op begins, within which an allocation may be told to fail. */
  beginOp(fault?: FailedAllocation): void {
    this.duplicates = 0;
    this.failed = null;
    this.told = fault ?? null;
    this.left = fault?.nth ?? 0;
  }

  /** Nothing is told to fail from here on; returns the allocation that failed within the op. */
  endOp(): FailedAllocation | null {
    this.left = 0;
    return this.failed;
  }

  /**
   * Counts a duplicate of a VMA; returns whether the tracking refused it, which makes
   * vm_area_dup() return NULL as a failed allocation does.
   */
  countDuplicate(isRefused: boolean): boolean {
    this.duplicates++;
    if (isRefused) this.failed = { at: "vma", nth: this.duplicates };
    return isRefused;
  }

  /** Counts an allocation; true when it is the one that fails. */
  fails(site: AllocationSite): boolean {
    // A number is compared first: nearly always nothing is told to fail.
    if (this.left === 0 || this.told?.at !== site) return false;
    this.left--;
    if (this.left > 0) return false;
    this.failed = this.told;
    return true;
  }

  /** WARN_ON_ONCE(): one message a boot from each place. */
  warnOnce(text: string): void {
    if (this.warned.has(text)) return;
    this.warned.add(text);
    this.warn(text);
  }

  /** vm_flags_set() or vm_flags_clear() in a function: needs the mmap lock for writing. */
  writesVmFlags(where: string): void {
    if (this.inFault && this.assertsWriteLock) {
      this.warn(`${where}: ${UNLOCKED}`);
    }
  }

  /** WARN(): a message every time. */
  warn(text: string): void {
    this.log.push({ kind: "warn", text });
  }

  /** print_bad_pte(): a page of a mapping that says it has none of its kind. */
  badPage(pfn: number, type: PageCacheMode): void {
    if (this.badPages === MOST_BAD_PAGES) return;
    this.badPages++;
    const kind = "bad-page-map";
    if (!isRam(pfn)) this.log.push({ kind, start: pfn, end: pfn + 1, type });
    else this.log.push({ kind, ...ramRange(pfn, pfn + 1), type, ram: true });
  }

  /** Keeps what depends on the past; returns what puts it back. No allocation is told to fail then. */
  keep(): () => void {
    const { forks, behind, links, anonVmas, badPages, claimed } = this;
    const warned = [...this.warned];
    return () => {
      this.reboot();
      this.forks = forks;
      this.behind = behind;
      this.links = links;
      this.anonVmas = anonVmas;
      this.badPages = badPages;
      this.claimed = claimed;
      for (const text of warned) this.warned.add(text);
    };
  }

  /** Forgets what has fired, as a reboot does. */
  reboot(): void {
    this.beginOp();
    this.inFault = false;
    this.forks = 0;
    this.behind = 1;
    this.links = 0;
    this.anonVmas = 0;
    this.badPages = 0;
    this.claimed = 0;
    if (this.warned.size > 0) this.warned.clear();
  }
}

/** BUG(): the task dies where it stands, with every lock it holds, so it leaves by an exception. */
export class KernelBug extends Error {
  constructor(
    message: string,
    /** Which locks the dead task keeps; they decide what its own exit can still undo. */
    readonly held: "page-table" | "mmap-read" | "mmap-write",
  ) {
    super(message);
  }
}
