import type { CauseId } from "./causes.ts";
import { grown } from "./observed.ts";
import type { Pages } from "./pages.ts";
import type { Units } from "./units.ts";

/**
 * The oracle's copy of the memtype list, each entry with the unit it belongs to, and for each
 * pfn how many entries cover it. Rows of typed arrays; the order is not the kernel's.
 */
export class Reservations {
  count = 0;
  start = new Int32Array(64);
  end = new Int32Array(64);
  /** Index into CACHE_MODES. */
  type = new Uint8Array(64);
  /** Row of Units; 0 for an entry that no mapping accounts for. */
  owner = new Int32Array(64);
  /** Why an entry without owner is there. */
  mark = new Uint8Array(64);
  /** Overlapped no VMA once, so nothing was left to free it; told, and no longer retention. */
  leaked = new Uint8Array(64);
  /** Counts as kept: it has not leaked and its unit is alive. */
  private counted = new Uint8Array(64);

  /** Entries by pfn. */
  cover = new Int32Array(0);
  /** Pfns that lost their last entry in this step. */
  bared = new Int32Array(64);
  baredCount = 0;
  /** An entry came, shrank or changed hands in this step. */
  changed = false;

  private readonly pages: Pages;
  private readonly units: Units;

  constructor(pages: Pages, units: Units) {
    this.pages = pages;
    this.units = units;
  }

  reset(pfns: number): void {
    this.count = 0;
    if (this.cover.length < pfns) this.cover = new Int32Array(pfns);
    else this.cover.fill(0, 0, pfns);
    this.begin();
  }

  begin(): void {
    this.baredCount = 0;
    this.changed = false;
  }

  add(start: number, end: number, type: number, owner: number, mark: CauseId): void {
    const row = this.count++;
    if (row === this.start.length) this.grow();
    this.start[row] = start;
    this.end[row] = end;
    this.type[row] = type;
    this.owner[row] = owner;
    this.mark[row] = mark;
    this.leaked[row] = 0;
    this.counted[row] = owner === 0 ? 0 : 1;
    for (let pfn = start; pfn < end; pfn++) this.cover[pfn] = (this.cover[pfn] as number) + 1;
    if (owner !== 0) {
      this.own(owner, end - start, 1);
      this.keep(start, end);
    }
    this.changed = true;
  }

  remove(row: number): void {
    this.resize(row, this.start[row] as number, this.start[row] as number);
    const owner = this.owner[row] as number;
    if (owner !== 0) this.own(owner, 0, -1);
    const last = --this.count;
    if (row === last) return;
    this.start[row] = this.start[last] as number;
    this.end[row] = this.end[last] as number;
    this.type[row] = this.type[last] as number;
    this.owner[row] = this.owner[last] as number;
    this.mark[row] = this.mark[last] as number;
    this.leaked[row] = this.leaked[last] as number;
    this.counted[row] = this.counted[last] as number;
  }

  /** Narrows an entry to [start, end), which lies inside it. */
  resize(row: number, start: number, end: number): void {
    const oldStart = this.start[row] as number;
    const oldEnd = this.end[row] as number;
    const counted = this.counted[row] === 1;
    for (let pfn = oldStart; pfn < oldEnd; pfn++) {
      if (pfn >= start && pfn < end) continue;
      const left = (this.cover[pfn] as number) - 1;
      this.cover[pfn] = left;
      if (left === 0) this.noteBare(pfn);
      if (counted) this.pages.unkeep(pfn);
    }
    const owner = this.owner[row] as number;
    if (owner !== 0) this.own(owner, end - start - (oldEnd - oldStart), 0);
    this.start[row] = start;
    this.end[row] = end;
    this.changed = true;
  }

  /** Gives an entry to another unit. */
  hand(row: number, owner: number): void {
    const old = this.owner[row] as number;
    const pages = (this.end[row] as number) - (this.start[row] as number);
    if (old !== 0) this.own(old, -pages, -1);
    this.owner[row] = owner;
    if (owner !== 0) this.own(owner, pages, 1);
    this.leaked[row] = 0;
    if (owner !== 0 && this.counted[row] === 0) {
      this.counted[row] = 1;
      this.keep(this.start[row] as number, this.end[row] as number);
    }
    this.changed = true;
  }

  /** The entry no longer counts as kept by the design: its unit is dead, or it leaked. */
  uncount(row: number): void {
    if (this.counted[row] === 0) return;
    this.counted[row] = 0;
    const end = this.end[row] as number;
    for (let pfn = this.start[row] as number; pfn < end; pfn++) this.pages.unkeep(pfn);
  }

  /** Whether the entry of a living unit keeps pages. */
  isCounted(row: number): boolean {
    return this.counted[row] === 1;
  }

  private keep(start: number, end: number): void {
    for (let pfn = start; pfn < end; pfn++) this.pages.keep(pfn);
  }

  private own(unit: number, pages: number, entries: number): void {
    this.units.reserved[unit] = (this.units.reserved[unit] as number) + pages;
    this.units.entries[unit] = (this.units.entries[unit] as number) + entries;
  }

  private noteBare(pfn: number): void {
    if (this.baredCount === this.bared.length) this.bared = grown(this.bared);
    this.bared[this.baredCount++] = pfn;
  }

  private grow(): void {
    this.start = grown(this.start);
    this.end = grown(this.end);
    this.type = grown(this.type);
    this.owner = grown(this.owner);
    this.mark = grown(this.mark);
    this.leaked = grown(this.leaked);
    this.counted = grown(this.counted);
  }
}
