import { type PageCacheMode, UC_MINUS, WB } from "./cachemode.ts";
import type { PatEvent } from "./events.ts";
import { type MemtypeEntry, MemtypeIntervals } from "./interval.ts";
import { KernelState } from "./kernelstate.ts";

/** A reference that a callee fills, as the kernel's pointer parameters for the granted mode. */
export interface ModeRef {
  mode: PageCacheMode;
}

export type ReserveError = "EBUSY" | "ENOMEM" | null;

/** Told of every change of the list by value; a shrunk reservation is one that went and one that came. */
export interface MemtypeWatcher {
  add(start: number, end: number, mode: PageCacheMode): void;
  remove(start: number, end: number, mode: PageCacheMode): void;
}

/** What the MTRRs say of the whole region: it decides what a write-back request becomes. */
export type RegionMtrr = "uncached" | "write-back";

/**
 * The memtype list (arch/x86/mm/pat/memtype.c and memtype_interval.c): overlapping reservations,
 * iterated by start and, among equal starts, in insertion order. The region is not RAM and
 * outside the ISA hole, so the page-flag path and the untracked range are left out.
 */
export class MemtypeList {
  protected readonly tree: MemtypeIntervals;

  constructor(
    pfns: number,
    protected readonly mtrr: RegionMtrr,
    /** Up to 6.15 a failed exact match shrinks the first reservation with the same end. */
    protected readonly eraseByEnd: boolean,
    protected readonly log: PatEvent[],
    private readonly watcher: MemtypeWatcher | null,
    protected readonly kernel: KernelState = new KernelState(log),
  ) {
    this.tree = new MemtypeIntervals(pfns);
  }

  /** Every reservation in the kernel's order. */
  get entries(): readonly MemtypeEntry[] {
    return this.tree.all();
  }

  /** Forgets every reservation, as a reboot does. */
  clear(): void {
    this.tree.clear();
  }

  /**
   * memtype_reserve() (6.1 to 7.3; reduced to non-RAM), always with substitution, as the pfn-map
   * layer asks for: the mode of the first overlapping reservation is adopted, and a second mode
   * among the overlapping ones is a conflict.
   */
  reserve(start: number, end: number, request: PageCacheMode, granted: ModeRef): ReserveError {
    const actual = request === WB && this.mtrr !== "write-back" ? UC_MINUS : request;
    granted.mode = actual;
    if (this.kernel.fails("memtype")) return "ENOMEM";
    const other = this.checkConflict(start, end, actual, granted);
    if (other !== null) {
      this.log.push({ kind: "conflict", start, end, found: granted.mode, other });
      this.log.push({ kind: "reserve-failed", start, end, track: actual, request });
      return "EBUSY";
    }
    this.insert({ start, end, mode: granted.mode });
    return null;
  }

  /**
   * memtype_reserve() without substitution, as set_memory_*() asks for: any other mode among
   * the overlapping reservations is a conflict.
   */
  reserveExact(start: number, end: number, request: PageCacheMode): ReserveError {
    if (this.kernel.fails("memtype")) return "ENOMEM";
    const other = this.entries.find((e) => e.start < end && start < e.end && e.mode !== request);
    if (other !== undefined) {
      this.log.push({ kind: "conflict", start, end, found: request, other: other.mode });
      this.log.push({ kind: "reserve-failed", start, end, track: request, request });
      return "EBUSY";
    }
    this.insert({ start, end, mode: request });
    return null;
  }

  /** lookup_memtype(): the mode of the first reservation that covers the pfn, else UC-. */
  lookup(pfn: number): PageCacheMode {
    const { tree } = this;
    for (let at = tree.nextStart(0, pfn); at >= 0 && at <= pfn; ) {
      for (const entry of tree.bucket(at)) if (entry.end > pfn) return entry.mode;
      at = tree.nextStart(at + 1, pfn);
    }
    return UC_MINUS;
  }

  /** memtype_check_conflict(): the mode to adopt goes to `found`; a second mode is returned. */
  protected checkConflict(
    start: number,
    end: number,
    request: PageCacheMode,
    found: ModeRef,
  ): PageCacheMode | null {
    const { tree } = this;
    found.mode = request;
    let first = true;
    for (let at = tree.nextStart(0, start); at >= 0 && at < end; ) {
      for (const entry of tree.bucket(at)) {
        if (entry.end <= start) continue;
        if (first) found.mode = entry.mode;
        else if (entry.mode !== found.mode) return entry.mode;
        first = false;
      }
      at = tree.nextStart(at + 1, start);
    }
    return null;
  }

  /** memtype_free(): one reservation goes or shrinks; if none fits, the kernel logs the range. */
  free(start: number, end: number): void {
    if (!this.erase(start, end)) this.log.push({ kind: "invalid-free", start, end });
  }

  /**
   * memtype_erase(): an exact match is removed. On the before side, else the first reservation
   * that starts earlier and ends at the same page is cut back to `start`; it is taken out and
   * put in again, so it comes after its equals.
   *
   *     reservation  |---------------|        |----------|
   *     freed                   |----|   ->
   */
  protected erase(start: number, end: number): boolean {
    const { tree } = this;
    const exact = this.endingAt(tree.bucket(start), end);
    if (exact !== null) {
      this.remove(exact);
      return true;
    }
    const entry = this.eraseByEnd ? this.firstEndingAt(start, end) : null;
    if (entry === null) return false;
    this.remove(entry);
    entry.end = start;
    this.insert(entry);
    return true;
  }

  protected insert(entry: MemtypeEntry): void {
    this.tree.insert(entry);
    this.watcher?.add(entry.start, entry.end, entry.mode);
  }

  protected remove(entry: MemtypeEntry): void {
    this.tree.remove(entry);
    this.watcher?.remove(entry.start, entry.end, entry.mode);
  }

  /** The first reservation in order that starts before `start` and ends at `end`. */
  protected firstEndingAt(start: number, end: number): MemtypeEntry | null {
    const { tree } = this;
    for (let at = tree.nextStart(0, end - 1); at >= 0 && at < start; ) {
      const entry = this.endingAt(tree.bucket(at), end);
      if (entry !== null) return entry;
      at = tree.nextStart(at + 1, end - 1);
    }
    return null;
  }

  protected endingAt(bucket: readonly MemtypeEntry[], end: number): MemtypeEntry | null {
    for (const entry of bucket) if (entry.end === end) return entry;
    return null;
  }
}
