import { CACHE_MODES } from "../pat/cachemode.ts";
import { grown, wipe } from "./observed.ts";
import type { Unit } from "./unit.ts";

const MODES = CACHE_MODES.length;

const COPIED = 1;
const TAKEN = 2;

/** The pages of one process: which unit and pfn each virtual page maps, and whether it was copied. */
export interface ProcPages {
  alive: boolean;
  /** By virtual page, null where nothing is mapped. */
  readonly unit: (Unit | null)[];
  readonly pfn: Int32Array;
  /** COPIED by a write, or TAKEN by a revoke: the page is in its VMA still, but off the pfn. */
  readonly copied: Uint8Array;
  /** No page outside [low, high) is mapped. */
  low: number;
  high: number;
}

/** What is known of one pfn. */
export class PfnLedger {
  /** Mappings of it: those not copied, and all pages in VMAs. */
  mapped = 0;
  inVma = 0;
  /** Cache modes of the live mappings, one bit each. */
  modes = 0;
  /** Reservations that cover it, and those of them that belong to a living unit. */
  cover = 0;
  kept = 0;

  clear(): void {
    this.mapped = 0;
    this.inVma = 0;
    this.modes = 0;
    this.cover = 0;
    this.kept = 0;
  }
}

/**
 * The page-by-page ledger: for each process its virtual pages, and for each pfn how many live
 * mappings and reservations it has. Everything else the oracle says derives from it.
 */
export class Pages {
  private readonly procs: ProcPages[] = [];
  /** Ids that were born in this trace: the first `knownCount`. */
  private readonly known: number[] = [];
  private knownCount = 0;
  private vpages = 0;

  private readonly pfns: PfnLedger[] = [];
  /** Live mappings by pfn and cache mode. */
  private byMode = new Int32Array(0);
  /** Pages that only the design keeps reserved: kept, but mapped by nobody. */
  retained = 0;
  /** Pages that are mapped and not reserved. */
  bare = 0;

  /** Pfns whose mappings began or ended in this step, perhaps more than once. */
  changed = new Int32Array(64);
  changedCount = 0;
  /** A page left its last VMA in this step. */
  emptied = false;
  /** The first pfn that got a second cache mode in this step, or -1. */
  aliased = -1;

  reset(pfns: number, vpages: number): void {
    for (let pfn = 0; pfn < pfns; pfn++) {
      const known = this.pfns[pfn];
      if (known === undefined) this.pfns.push(new PfnLedger());
      else known.clear();
    }
    if (this.byMode.length < pfns * MODES) this.byMode = new Int32Array(pfns * MODES);
    else wipe(this.byMode, 0, pfns * MODES);
    this.retained = 0;
    this.bare = 0;
    for (let at = 0; at < this.knownCount; at++) {
      this.clear(this.procs[this.known[at] as number] as ProcPages);
    }
    this.knownCount = 0;
    if (this.vpages < vpages) this.procs.length = 0;
    this.vpages = Math.max(this.vpages, vpages);
    this.begin();
  }

  begin(): void {
    this.changedCount = 0;
    this.emptied = false;
    this.aliased = -1;
  }

  /** The ledger of a pfn of the world. */
  of(pfn: number): PfnLedger {
    return this.pfns[pfn] as PfnLedger;
  }

  /** The process if it is alive. */
  living(id: number): ProcPages | null {
    const proc = this.procs[id];
    return proc !== undefined && proc.alive ? proc : null;
  }

  /** Every process that is alive, with its id. */
  *everyLiving(): Generator<[id: number, proc: ProcPages]> {
    for (let at = 0; at < this.knownCount; at++) {
      const id = this.known[at] as number;
      const proc = this.living(id);
      if (proc !== null) yield [id, proc];
    }
  }

  /** Brings a process to life, empty. */
  born(id: number): ProcPages {
    let proc = this.procs[id];
    if (proc === undefined) {
      proc = {
        alive: false,
        unit: Array.from({ length: this.vpages }, () => null),
        pfn: new Int32Array(this.vpages),
        copied: new Uint8Array(this.vpages),
        low: this.vpages,
        high: 0,
      };
      this.procs[id] = proc;
    }
    if (!proc.alive) this.known[this.knownCount++] = id;
    proc.alive = true;
    return proc;
  }

  /** Makes a virtual page map a pfn for a unit. */
  map(proc: ProcPages, page: number, pfn: number, unit: Unit): void {
    proc.unit[page] = unit;
    proc.pfn[page] = pfn;
    proc.copied[page] = 0;
    if (page < proc.low) proc.low = page;
    if (page >= proc.high) proc.high = page + 1;
    unit.hold(pfn);
    this.of(pfn).inVma++;
    this.join(pfn, unit.mode);
  }

  /** Takes a virtual page out of its VMA. The caller has touched the unit. */
  unmap(proc: ProcPages, page: number, unit: Unit, step: number): void {
    const pfn = proc.pfn[page] as number;
    proc.unit[page] = null;
    if (--this.of(pfn).inVma === 0) this.emptied = true;
    if (proc.copied[page] === 0) this.leave(pfn, unit.mode);
    unit.drop(pfn, step);
  }

  /** A write copied the page of this unit. */
  copy(proc: ProcPages, page: number, unit: Unit): void {
    this.putOff(proc, page, unit, COPIED);
  }

  /** A revoke took the page of this unit, or its copy. */
  take(proc: ProcPages, page: number, unit: Unit): void {
    this.putOff(proc, page, unit, TAKEN);
  }

  /** A child has of a page what its parent has. */
  inherit(child: ProcPages, page: number, unit: Unit, parent: ProcPages): void {
    const off = parent.copied[page] as number;
    if (off !== 0) this.putOff(child, page, unit, off);
  }

  private putOff(proc: ProcPages, page: number, unit: Unit, how: number): void {
    const wasOn = proc.copied[page] === 0;
    proc.copied[page] = how;
    if (wasOn) this.leave(proc.pfn[page] as number, unit.mode);
  }

  /** Moves a page to an empty place of the same process; nothing is mapped or lost by that. */
  relocate(proc: ProcPages, from: number, to: number): void {
    proc.unit[to] = proc.unit[from] ?? null;
    proc.pfn[to] = proc.pfn[from] as number;
    proc.copied[to] = proc.copied[from] as number;
    proc.unit[from] = null;
    if (to < proc.low) proc.low = to;
    if (to >= proc.high) proc.high = to + 1;
  }

  /** A unit that maps the pfn, by a search of all processes; null if none does. */
  unitMapping(pfn: number): Unit | null {
    for (let at = 0; at < this.knownCount; at++) {
      const proc = this.living(this.known[at] as number);
      if (proc === null) continue;
      for (let page = proc.low; page < proc.high; page++) {
        const unit = proc.unit[page] ?? null;
        if (unit !== null && proc.copied[page] === 0 && proc.pfn[page] === pfn) return unit;
      }
    }
    return null;
  }

  /** A reservation of [start, end) came; `kept` if it belongs to a unit. */
  reserve(start: number, end: number, kept: boolean): void {
    for (let pfn = start; pfn < end; pfn++) {
      const page = this.of(pfn);
      if (++page.cover === 1 && page.mapped > 0) this.bare--;
      if (kept) this.keep(pfn);
    }
  }

  /** A reservation over the page went; true if it was the last one. */
  unreserve(pfn: number, kept: boolean): boolean {
    if (kept) this.unkeep(pfn);
    const page = this.of(pfn);
    if (--page.cover > 0) return false;
    if (page.mapped > 0) this.bare++;
    return true;
  }

  /** One more living unit's reservation covers the page. */
  keep(pfn: number): void {
    const page = this.of(pfn);
    if (++page.kept === 1 && page.mapped === 0) {
      this.retained++;
      this.note(pfn);
    }
  }

  /** One less. */
  unkeep(pfn: number): void {
    const page = this.of(pfn);
    if (--page.kept === 0 && page.mapped === 0) this.retained--;
  }

  private join(pfn: number, mode: number): void {
    const page = this.of(pfn);
    if (++page.mapped === 1) {
      if (page.kept > 0) this.retained--;
      if (page.cover === 0) this.bare++;
      this.note(pfn);
    }
    const at = pfn * MODES + mode;
    const before = this.byMode[at] as number;
    this.byMode[at] = before + 1;
    if (before > 0) return;
    if (page.modes !== 0 && this.aliased < 0) this.aliased = pfn;
    page.modes |= 1 << mode;
  }

  private leave(pfn: number, mode: number): void {
    const page = this.of(pfn);
    if (--page.mapped === 0) {
      if (page.kept > 0) this.retained++;
      if (page.cover === 0) this.bare--;
      this.note(pfn);
    }
    const at = pfn * MODES + mode;
    const same = (this.byMode[at] as number) - 1;
    this.byMode[at] = same;
    if (same === 0) page.modes &= ~(1 << mode);
  }

  private note(pfn: number): void {
    if (this.changedCount === this.changed.length) this.changed = grown(this.changed);
    this.changed[this.changedCount++] = pfn;
  }

  private clear(proc: ProcPages): void {
    for (let page = proc.low; page < proc.high; page++) proc.unit[page] = null;
    proc.alive = false;
    proc.low = this.vpages;
    proc.high = 0;
  }
}
