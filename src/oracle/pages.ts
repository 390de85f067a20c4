import { CACHE_MODES } from "../pat/cachemode.ts";
import { grown } from "./observed.ts";
import type { Units } from "./units.ts";

const MODES = CACHE_MODES.length;

/** The pages of one process: which unit and pfn each virtual page maps, and whether it was copied. */
export interface ProcPages {
  alive: boolean;
  /** Row of Units by virtual page, 0 where nothing is mapped. */
  readonly unit: Int32Array;
  readonly pfn: Int32Array;
  /** 1 where a write copied the page: it is still in the VMA but no longer maps the pfn. */
  readonly copied: Uint8Array;
  /** No page outside [low, high) is mapped. */
  low: number;
  high: number;
}

/**
 * The page-by-page ledger: for each process its virtual pages, and for each pfn how many live
 * mappings it has, with which cache modes. Everything else the oracle says derives from it.
 */
export class Pages {
  private readonly procs: ProcPages[] = [];
  private readonly known: number[] = [];
  private vpages = 0;

  /** Mappings by pfn: of pages not copied, of all pages in VMAs, and by cache mode. */
  mapped = new Int32Array(0);
  inVma = new Int32Array(0);
  private byMode = new Int32Array(0);
  /** Cache modes of the live mappings of a pfn, one bit each. */
  modes = new Uint8Array(0);
  /** Reservations by pfn that belong to a living unit. */
  private kept = new Int32Array(0);
  /** Pages that only the design keeps reserved: kept, but mapped by nobody. */
  retained = 0;

  /** Pfns whose mappings began or ended in this step, perhaps more than once. */
  changed = new Int32Array(64);
  changedCount = 0;
  /** A page left its last VMA in this step. */
  emptied = false;
  /** The first pfn that got a second cache mode in this step, or -1. */
  aliased = -1;

  reset(pfns: number, vpages: number): void {
    if (this.mapped.length < pfns) {
      this.mapped = new Int32Array(pfns);
      this.inVma = new Int32Array(pfns);
      this.byMode = new Int32Array(pfns * MODES);
      this.modes = new Uint8Array(pfns);
      this.kept = new Int32Array(pfns);
    } else {
      this.mapped.fill(0, 0, pfns);
      this.inVma.fill(0, 0, pfns);
      this.byMode.fill(0, 0, pfns * MODES);
      this.modes.fill(0, 0, pfns);
      this.kept.fill(0, 0, pfns);
    }
    this.retained = 0;
    for (const id of this.known) this.clear(this.procs[id] as ProcPages);
    this.known.length = 0;
    if (this.vpages < vpages) this.procs.length = 0;
    this.vpages = Math.max(this.vpages, vpages);
    this.begin();
  }

  begin(): void {
    this.changedCount = 0;
    this.emptied = false;
    this.aliased = -1;
  }

  /** The process if it is alive. */
  living(id: number): ProcPages | null {
    const proc = this.procs[id];
    return proc?.alive === true ? proc : null;
  }

  /** Brings a process to life, empty. */
  born(id: number): ProcPages {
    let proc = this.procs[id];
    if (proc === undefined) {
      proc = {
        alive: false,
        unit: new Int32Array(this.vpages),
        pfn: new Int32Array(this.vpages),
        copied: new Uint8Array(this.vpages),
        low: this.vpages,
        high: 0,
      };
      this.procs[id] = proc;
    }
    if (!proc.alive) this.known.push(id);
    proc.alive = true;
    return proc;
  }

  /** Makes a virtual page map a pfn for a unit. */
  map(proc: ProcPages, page: number, pfn: number, unit: number, units: Units): void {
    proc.unit[page] = unit;
    proc.pfn[page] = pfn;
    proc.copied[page] = 0;
    if (page < proc.low) proc.low = page;
    if (page >= proc.high) proc.high = page + 1;
    units.hold(unit, pfn);
    this.inVma[pfn] = (this.inVma[pfn] as number) + 1;
    this.join(pfn, units.mode[unit] as number);
  }

  /** Takes a virtual page out of its VMA. The caller has touched the unit. */
  unmap(proc: ProcPages, page: number, units: Units, step: number): void {
    const unit = proc.unit[page] as number;
    const pfn = proc.pfn[page] as number;
    proc.unit[page] = 0;
    const left = (this.inVma[pfn] as number) - 1;
    this.inVma[pfn] = left;
    if (left === 0) this.emptied = true;
    if (proc.copied[page] === 0) this.leave(pfn, units.mode[unit] as number);
    units.drop(unit, pfn, step);
  }

  /** A write copied the page. */
  copy(proc: ProcPages, page: number, units: Units): void {
    if (proc.copied[page] === 1) return;
    proc.copied[page] = 1;
    this.leave(proc.pfn[page] as number, units.mode[proc.unit[page] as number] as number);
  }

  /** Moves a page to an empty place of the same process; nothing is mapped or lost by that. */
  relocate(proc: ProcPages, from: number, to: number): void {
    proc.unit[to] = proc.unit[from] as number;
    proc.pfn[to] = proc.pfn[from] as number;
    proc.copied[to] = proc.copied[from] as number;
    proc.unit[from] = 0;
    if (to < proc.low) proc.low = to;
    if (to >= proc.high) proc.high = to + 1;
  }

  /** A unit that maps the pfn, by a search of all processes; 0 if none does. */
  unitMapping(pfn: number): number {
    for (const id of this.known) {
      const proc = this.living(id);
      if (proc === null) continue;
      for (let page = proc.low; page < proc.high; page++) {
        const maps = proc.unit[page] !== 0 && proc.copied[page] === 0;
        if (maps && proc.pfn[page] === pfn) return proc.unit[page] as number;
      }
    }
    return 0;
  }

  /** Whether a living unit keeps the page reserved. */
  isKept(pfn: number): boolean {
    return (this.kept[pfn] as number) > 0;
  }

  /** One more living unit's reservation covers the page. */
  keep(pfn: number): void {
    const before = this.kept[pfn] as number;
    this.kept[pfn] = before + 1;
    if (before === 0 && this.mapped[pfn] === 0) {
      this.retained++;
      this.note(pfn);
    }
  }

  /** One less. */
  unkeep(pfn: number): void {
    const left = (this.kept[pfn] as number) - 1;
    this.kept[pfn] = left;
    if (left === 0 && this.mapped[pfn] === 0) this.retained--;
  }

  private join(pfn: number, mode: number): void {
    const already = this.mapped[pfn] as number;
    this.mapped[pfn] = already + 1;
    if (already === 0) {
      if ((this.kept[pfn] as number) > 0) this.retained--;
      this.note(pfn);
    }
    const at = pfn * MODES + mode;
    const before = this.byMode[at] as number;
    this.byMode[at] = before + 1;
    if (before > 0) return;
    const others = this.modes[pfn] as number;
    this.modes[pfn] = others | (1 << mode);
    if (others !== 0 && this.aliased < 0) this.aliased = pfn;
  }

  private leave(pfn: number, mode: number): void {
    const left = (this.mapped[pfn] as number) - 1;
    this.mapped[pfn] = left;
    if (left === 0) {
      if ((this.kept[pfn] as number) > 0) this.retained++;
      this.note(pfn);
    }
    const at = pfn * MODES + mode;
    const same = (this.byMode[at] as number) - 1;
    this.byMode[at] = same;
    if (same === 0) this.modes[pfn] = (this.modes[pfn] as number) & ~(1 << mode);
  }

  private note(pfn: number): void {
    if (this.changedCount === this.changed.length) this.changed = grown(this.changed);
    this.changed[this.changedCount++] = pfn;
  }

  private clear(proc: ProcPages): void {
    proc.unit.fill(0, proc.low, Math.max(proc.low, proc.high));
    proc.alive = false;
    proc.low = this.vpages;
    proc.high = 0;
  }
}
