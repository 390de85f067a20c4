import {
  isNewMemtypeAllowed,
  modeWithoutPat,
  type PageCacheMode,
  UC_MINUS,
  WB,
} from "./cachemode.ts";
import type { PatEvent } from "./events.ts";
import { type MemtypeEntry, MemtypeIntervals } from "./interval.ts";
import { KernelState } from "./kernelstate.ts";
import { MappedPages } from "./mappedpages.ts";
import { effectiveMode, isInIsa, type IsaWindow, type Mtrrs } from "./regionmemory.ts";
import type { Decider, ModeRequest } from "./requests.ts";

/** A reference that a callee fills, as the kernel's pointer parameters for the granted mode. */
export interface ModeRef {
  mode: PageCacheMode;
}

export type ReserveError = "EBUSY" | "EINVAL" | "ENOMEM" | null;

/** Told of every change of the list by value; a shrunk reservation is one that went and one that came. */
export interface MemtypeWatcher {
  add(start: number, end: number, mode: PageCacheMode): void;
  remove(start: number, end: number, mode: PageCacheMode): void;
}

/** A reservation by value: a half-open range of pfns and its cache mode. */
export type Reservation = MemtypeEntry;

/**
 * The memtype list (arch/x86/mm/pat/memtype.c and memtype_interval.c): overlapping reservations, iterated by start and,
 * among equal starts, in insertion order. The region is not RAM, so the page-flag path is left out.
 */
export class MemtypeList {
  /** Where every request is told of, and what decided it; null unless somebody wants to know. */
  requests: ModeRequest[] | null = null;
  /** What page tables map of the region: told by them, asked when a range is given back. */
  readonly mapped = new MappedPages();
  protected readonly tree = new MemtypeIntervals();

  constructor(
    protected readonly mtrrs: Mtrrs,
    /** Up to 6.15 a failed exact match shrinks the first reservation with the same end. */
    protected readonly eraseByEnd: boolean,
    protected readonly log: PatEvent[],
    private readonly watcher: MemtypeWatcher | null,
    protected readonly kernel: KernelState = new KernelState(log),
    private readonly isa: IsaWindow | null = null,
  ) {}

  /** Whether anything is reserved and looked up at all. */
  get hasPat(): boolean {
    return this.kernel.hasPat;
  }

  /** x86_platform.is_untracked_pat_range(): nothing is reserved there, and everything is mapped write-back. */
  isUntracked(start: number, end: number): boolean {
    return isInIsa(this.isa, start, end);
  }

  /** is_new_memtype_allowed() of a range: in the ISA window write-back may stand for anything. */
  allows(start: number, end: number, wanted: PageCacheMode, got: PageCacheMode): boolean {
    return this.isUntracked(start, end) || isNewMemtypeAllowed(wanted, got);
  }

  /** Every reservation in the kernel's order, by value. */
  get entries(): readonly Reservation[] {
    return this.tree.values();
  }

  /** What is wrong with the order of the list, in a few words, or null. */
  fault(): string | null {
    return this.tree.fault();
  }

  /** Keeps the list; returns what puts it back, of which the watcher is not told. */
  keep(): () => void {
    const { entries, tree } = this;
    const mapped = this.mapped.keep();
    return () => {
      mapped();
      tree.clear();
      for (const { start, end, mode } of entries) tree.insert(start, end, mode);
    };
  }

  /** A new op begins, of which it has nothing to tell yet. */
  beginOp(): void {
    this.requests?.splice(0);
    this.mapped.beginOp();
  }

  /** Forgets every reservation, as a reboot does. */
  clear(): void {
    this.tree.clear();
    this.mapped.clear();
  }

  /**
   * memtype_reserve() (6.1 to 7.3; reduced to non-RAM), always with substitution, as the pfn-map
   * layer asks for: the mode of the first overlapping reservation is adopted, and a second mode
   * among the overlapping ones is a conflict.
   */
  reserve(start: number, end: number, request: PageCacheMode, granted: ModeRef): ReserveError {
    const actual = effectiveMode(this.mtrrs, this.isa, start, end, request);
    granted.mode = actual;
    if (!(start < end)) return this.refuseEmpty();
    if (!this.kernel.hasPat) {
      granted.mode = modeWithoutPat(request);
      return this.tellGiven(start, end, request, granted.mode, "no-pat");
    }
    if (this.isUntracked(start, end))
      return this.tellGiven(start, end, request, (granted.mode = WB), "isa");
    if (this.kernel.fails("memtype")) return this.failed(start, end, request);
    const other = this.checkConflict(start, end, actual, granted);
    this.tell(start, end, request, actual, other === null ? granted.mode : null, "two-modes");
    if (other !== null) {
      this.log.push({ kind: "conflict", start, end, found: granted.mode, other });
      this.log.push({ kind: "reserve-failed", start, end, track: actual, request });
      return "EBUSY";
    }
    this.insert(start, end, granted.mode);
    return null;
  }

  /** Tells of a request that was given a mode with no reservation; `by`: why, if it is another than was asked for. */
  private tellGiven(
    start: number,
    end: number,
    asked: PageCacheMode,
    got: PageCacheMode,
    by: "no-pat" | "isa",
  ): null {
    this.requests?.push({ start, end, asked, got, by: got === asked ? "asked" : by, entries: [] });
    return null;
  }

  /** sanitize_phys() left nothing of the range. */
  private refuseEmpty(): "EINVAL" {
    this.kernel.warn("memtype_reserve: the range is empty");
    return "EINVAL";
  }

  /**
   * memtype_reserve() without substitution, as set_memory_*() asks for: any other mode among
   * the overlapping reservations is a conflict.
   */
  reserveExact(start: number, end: number, request: PageCacheMode): ReserveError {
    if (!this.kernel.hasPat) {
      return this.tellGiven(start, end, request, modeWithoutPat(request), "no-pat");
    }
    if (this.isUntracked(start, end)) return null;
    if (this.kernel.fails("memtype")) return this.failed(start, end, request);
    const other = this.tree.firstOverlap(start, end, request);
    this.tell(start, end, request, request, other === null ? request : null, "other-mode");
    if (other !== null) {
      this.log.push({ kind: "conflict", start, end, found: request, other: other.mode });
      this.log.push({ kind: "reserve-failed", start, end, track: request, request });
      return "EBUSY";
    }
    this.insert(start, end, request);
    return null;
  }

  private failed(start: number, end: number, asked: PageCacheMode): "ENOMEM" {
    this.requests?.push({ start, end, asked, got: null, by: "no-memory", entries: [] });
    return "ENOMEM";
  }

  /**
   * Tells whoever wants to know what a request for [start, end) came to (null: refused, for the
   * reason `refused`), and which reservations decided that; the list is as it was before. `actual`
   * is what the MTRRs leave of `asked`.
   */
  private tell(
    start: number,
    end: number,
    asked: PageCacheMode,
    actual: PageCacheMode,
    got: PageCacheMode | null,
    refused: Decider,
  ): void {
    if (this.requests === null) return;
    if (got !== null && got === asked) {
      this.requests.push({ start, end, asked, got, by: "asked", entries: [] });
    } else if (got !== null && got === actual) {
      this.requests.push({ start, end, asked, got, by: "mtrr", entries: [] });
    } else {
      const standing = this.standing(start, end);
      const entries = got === null ? standing : withMode(standing, got);
      const by = got === null ? refused : entries.length > 0 ? "reservation" : "unknown";
      this.requests.push({ start, end, asked, got, by, entries });
    }
  }

  /**
   * The same of a range that was only looked up: what is reserved decides, whatever was asked, and
   * two modes are refused.
   */
  tellLookup(start: number, end: number, asked: PageCacheMode, got: PageCacheMode | null): void {
    if (this.requests === null) return;
    if (got !== null && (!this.kernel.hasPat || this.isUntracked(start, end))) {
      this.tellGiven(start, end, asked, got, this.kernel.hasPat ? "isa" : "no-pat");
      return;
    }
    const standing = this.standing(start, end);
    const entries = got === null ? standing : withMode(standing, got);
    const by = got === null ? "mixed" : entries.length > 0 ? "reservation" : "unreserved";
    this.requests.push({ start, end, asked, got, by, entries });
  }

  private standing(start: number, end: number): MemtypeEntry[] {
    return this.tree.overlapping(start, end).map((entry) => ({ ...entry }));
  }

  /** The mode that the last request was granted was taken back: it may not stand for what was asked. */
  tellTakenBack(refused: Decider): void {
    const last = this.requests?.pop();
    if (last !== undefined) this.requests?.push({ ...last, got: null, by: refused });
  }

  /** lookup_memtype(): the mode of the first reservation that covers the pfn, else UC-; write-back in the ISA window. */
  lookup(pfn: number): PageCacheMode {
    if (this.isUntracked(pfn, pfn + 1)) return WB;
    const entry = this.tree.firstOverlap(pfn, pfn + 1, null);
    return entry === null ? UC_MINUS : entry.mode;
  }

  /** memtype_check_conflict(): the mode to adopt goes to `found`; a second mode is returned. */
  protected checkConflict(
    start: number,
    end: number,
    request: PageCacheMode,
    found: ModeRef,
  ): PageCacheMode | null {
    const first = this.tree.firstOverlap(start, end, null);
    found.mode = first === null ? request : first.mode;
    const other = first === null ? null : this.tree.firstOverlap(start, end, first.mode);
    return other === null ? null : other.mode;
  }

  /** memtype_free(): one reservation goes or shrinks; if none fits, the kernel logs the range. */
  free(start: number, end: number): void {
    if (!this.kernel.hasPat || this.isUntracked(start, end)) return;
    if (this.erase(start, end)) this.mapped.untracked(start, end, this.tree);
    else this.log.push({ kind: "invalid-free", start, end });
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
    const exact = this.equal(start, end);
    if (exact !== null) {
      this.remove(exact);
      return true;
    }
    const entry = this.eraseByEnd ? this.firstEndingAt(start, end) : null;
    if (entry === null) return false;
    const { start: from, mode } = entry;
    this.remove(entry);
    this.insert(from, start, mode);
    return true;
  }

  protected insert(start: number, end: number, mode: PageCacheMode): void {
    this.tree.insert(start, end, mode);
    this.watcher?.add(start, end, mode);
  }

  /** The record of a removed reservation serves again: it must not be read afterwards. */
  protected remove(entry: MemtypeEntry): void {
    const { start, end, mode } = entry;
    this.tree.remove(entry);
    this.watcher?.remove(start, end, mode);
  }

  /** The first reservation in order that is exactly [start, end). */
  protected equal(start: number, end: number): MemtypeEntry | null {
    return this.tree.firstEndingAt(end, start, start + 1);
  }

  /** The first reservation in order that starts before `start` and ends at `end`. */
  protected firstEndingAt(start: number, end: number): MemtypeEntry | null {
    return this.tree.firstEndingAt(end, 0, start);
  }
}

/** The first of the reservations that has a mode, in a list; empty where none has. */
function withMode(entries: readonly MemtypeEntry[], mode: PageCacheMode): MemtypeEntry[] {
  return entries.filter((entry) => entry.mode === mode).slice(0, 1);
}
