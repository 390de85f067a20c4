import { type PageCacheMode, UC_MINUS, WB } from "./cachemode.ts";
import type { PatEvent } from "./events.ts";
import { KernelState } from "./kernelstate.ts";

/** One reservation: a half-open range of pfns and its cache mode. It has no owner and no count. */
export interface MemtypeEntry {
  start: number;
  end: number;
  mode: PageCacheMode;
}

/** A reference that a callee fills, as the kernel's pointer parameters for the granted mode. */
export interface ModeRef {
  mode: PageCacheMode;
}

export type ReserveError = "EBUSY" | "ENOMEM" | null;

/** What the MTRRs say of the whole region: it decides what a write-back request becomes. */
export type RegionMtrr = "uncached" | "write-back";

/**
 * The memtype list (arch/x86/mm/pat/memtype.c and memtype_interval.c): overlapping reservations,
 * iterated by start and, among equal starts, in insertion order. The region is not RAM and
 * outside the ISA hole, so the page-flag path and the untracked range are left out.
 */
export class MemtypeList {
  readonly entries: MemtypeEntry[] = [];

  constructor(
    private readonly mtrr: RegionMtrr,
    /** Up to 6.15 a failed exact match shrinks the first reservation with the same end. */
    private readonly eraseByEnd: boolean,
    private readonly log: PatEvent[],
    private readonly kernel: KernelState = new KernelState(log),
  ) {}

  /** Forgets every reservation, as a reboot does. */
  clear(): void {
    while (this.entries.length > 0) this.entries.pop();
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
    const actual = request === WB && this.mtrr !== "write-back" ? UC_MINUS : request;
    const other = this.entries.find((e) => e.start < end && start < e.end && e.mode !== actual);
    if (other !== undefined) {
      this.log.push({ kind: "conflict", start, end, found: actual, other: other.mode });
      this.log.push({ kind: "reserve-failed", start, end, track: actual, request });
      return "EBUSY";
    }
    this.insert({ start, end, mode: actual });
    return null;
  }

  /** lookup_memtype(): the mode of the first reservation that covers the pfn, else UC-. */
  lookup(pfn: number): PageCacheMode {
    for (const entry of this.entries) {
      if (entry.start > pfn) break;
      if (entry.end > pfn) return entry.mode;
    }
    return UC_MINUS;
  }

  /** memtype_check_conflict(): the mode to adopt goes to `found`; a second mode is returned. */
  private checkConflict(
    start: number,
    end: number,
    request: PageCacheMode,
    found: ModeRef,
  ): PageCacheMode | null {
    found.mode = request;
    let first = true;
    for (const entry of this.entries) {
      if (entry.start >= end) break;
      if (entry.end <= start) continue;
      if (first) found.mode = entry.mode;
      else if (entry.mode !== found.mode) return entry.mode;
      first = false;
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
  private erase(start: number, end: number): boolean {
    const { entries } = this;
    let byEnd = -1;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i] as MemtypeEntry;
      if (entry.start > start) break;
      if (entry.end !== end) continue;
      if (entry.start === start) {
        this.remove(i);
        return true;
      }
      if (byEnd < 0) byEnd = i;
    }
    if (!this.eraseByEnd || byEnd < 0) return false;
    const entry = this.remove(byEnd);
    entry.end = start;
    this.insert(entry);
    return true;
  }

  private insert(entry: MemtypeEntry): void {
    const { entries } = this;
    let i = entries.length;
    entries.push(entry);
    for (; i > 0 && (entries[i - 1] as MemtypeEntry).start > entry.start; i--) {
      entries[i] = entries[i - 1] as MemtypeEntry;
    }
    entries[i] = entry;
  }

  private remove(at: number): MemtypeEntry {
    const { entries } = this;
    const entry = entries[at] as MemtypeEntry;
    for (let i = at + 1; i < entries.length; i++) entries[i - 1] = entries[i] as MemtypeEntry;
    entries.pop();
    return entry;
  }
}
