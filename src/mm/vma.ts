import type { PageCacheMode } from "../pat/cachemode.ts";
import type { PageCount, Pfn, VirtualPage } from "./units.ts";
import {
  type Prot,
  protFlags,
  protOf,
  VM_DONTCOPY,
  VM_PRIVATE,
  VM_PROT,
  VM_SEALED,
} from "./vmaflags.ts";

/**
 * What a driver does when a page of its mapping is touched that is not there: insert that page
 * (vmf_insert_pfn_prot()), remap the whole VMA, remap the segment of SEGMENT_PAGES around it
 * and never mind the result, or insert the 2 MiB around it in one piece where that can be
 * (vmf_insert_pfn_pmd()). File offset 0 maps `pfn`.
 */
export interface FaultHandler {
  readonly call: "insert" | "remap" | "remap-segment" | "insert-pmd";
  readonly pfn: Pfn;
  readonly mode: PageCacheMode;
}

/** What a VMA of a driver's file has besides the rest: it lives in the file's mapping. */
export interface DeviceMapping {
  readonly handler: FaultHandler | null;
  /** VM_PFNMAP, which a remap sets where the driver has not, and VM_MIXEDMAP, which vm_insert_page() sets. */
  readonly isPfnmap: boolean;
  readonly isMixed: boolean;
  /** A whole remap of a private mapping has turned the file offset into a pfn. */
  readonly offsetIsPfn: boolean;
}

/**
 * A vm_area_struct: a half-open range of virtual pages that maps consecutive pfns. `pfn` stands
 * for vm_pgoff, which names the pfn of the first page, except in a driver's file and anonymous memory: there it is the
 * file offset, until a whole remap of a private mapping makes it a pfn. `track` belongs to the
 * tracking design; the address space only carries it.
 */
export class Vma {
  track: object | null = null;
  /** In the list of a process; one that died holding its locks has let go of its list. */
  isLinked = false;
  /** What whoever watches the tracking last saw in `track`; the address space only carries it. */
  watched: object | null = null;
  /** The watch is going to look at it. */
  isNoted = false;
  /** Its place among the VMAs of a file that begin at one page: links count up (linkOrder()). */
  order = 0;
  /** Null where the file is not a driver's: such a VMA maps all its pages, and all linearly. */
  device: DeviceMapping | null = null;
  /** Its file is /dev/mem. */
  isDevmem = false;
  /**
   * Private memory without a file (vma_is_anonymous()). Its `pfn` is the virtual page that its first
   * page began at, and stays when pages that have been written move.
   */
  isAnon = false;
  /** Whose pages may be in it (anon_vma), by a number of its own; 0 until the first write. */
  anonVma = 0;
  /** It was forked with an anon_vma, so that its chain has those of its parents too. */
  isForkChild = false;

  constructor(
    public start: VirtualPage,
    public end: VirtualPage,
    public pfn: Pfn,
    /** VM_READ and others of vmaflags.ts; what it may do is read below by name. */
    public flags: number,
  ) {}

  /** Keeps all fields; returns what puts them back. Whether it is linked is its list's affair. */
  keep(): () => void {
    const { start, end, pfn, flags, track, watched, order, device, isDevmem } = this;
    const { isAnon, anonVma, isForkChild } = this;
    return () => {
      this.start = start;
      this.end = end;
      this.pfn = pfn;
      this.flags = flags;
      this.track = track;
      this.watched = watched;
      this.order = order;
      this.device = device;
      this.isDevmem = isDevmem;
      this.isAnon = isAnon;
      this.anonVma = anonVma;
      this.isForkChild = isForkChild;
    };
  }

  get pages(): PageCount {
    return this.end - this.start;
  }

  get prot(): Prot {
    return protOf(this.flags);
  }

  set prot(prot: Prot) {
    this.flags = (this.flags & ~VM_PROT) | protFlags(prot);
  }

  /** A private mapping may be written later, so it counts as a COW mapping. */
  get isPrivate(): boolean {
    return (this.flags & VM_PRIVATE) !== 0;
  }

  get dontfork(): boolean {
    return (this.flags & VM_DONTCOPY) !== 0;
  }

  set dontfork(on: boolean) {
    this.flags = on ? this.flags | VM_DONTCOPY : this.flags & ~VM_DONTCOPY;
  }

  get sealed(): boolean {
    return (this.flags & VM_SEALED) !== 0;
  }
}

/** So many records are kept; what a longer trace makes beyond them is left to the engine. */
const MOST_KEPT = 4096;

/**
 * The VMAs of a machine since its boot. Records are made once and serve again after a reboot, not
 * before: whoever holds on to a freed VMA finds it as it was.
 */
export class VmaPool {
  private readonly records: Vma[] = [];
  private used = 0;

  /** A VMA that nobody has linked or tracked yet. */
  take(start: VirtualPage, end: VirtualPage, pfn: Pfn, flags: number): Vma {
    const vma = this.records[this.used];
    if (vma === undefined) return this.make(start, end, pfn, flags);
    this.used++;
    vma.start = start;
    vma.end = end;
    vma.pfn = pfn;
    vma.flags = flags;
    vma.track = null;
    vma.isLinked = false;
    vma.watched = null;
    vma.isNoted = false;
    vma.order = 0;
    vma.device = null;
    vma.isDevmem = false;
    vma.isAnon = false;
    vma.anonVma = 0;
    vma.isForkChild = false;
    return vma;
  }

  /** vm_area_dup(): a copy over [start, end) of what `vma` maps from `pfn` on, not yet tracked. */
  copyOf(vma: Vma, start: VirtualPage, end: VirtualPage, pfn: Pfn): Vma {
    const copy = this.take(start, end, pfn, vma.flags);
    copy.device = vma.device;
    copy.isDevmem = vma.isDevmem;
    copy.isAnon = vma.isAnon;
    copy.anonVma = vma.anonVma;
    copy.isForkChild = vma.isForkChild;
    return copy;
  }

  /** Takes all of them back, as a reboot does. */
  reboot(): void {
    this.used = 0;
  }

  /** Keeps how many are taken; returns what takes those back that were taken since. */
  keep(): () => void {
    const { used } = this;
    return () => {
      this.used = used;
    };
  }

  private make(start: VirtualPage, end: VirtualPage, pfn: Pfn, flags: number): Vma {
    const vma = new Vma(start, end, pfn, flags);
    if (this.used < MOST_KEPT) this.records[this.used++] = vma;
    return vma;
  }
}
