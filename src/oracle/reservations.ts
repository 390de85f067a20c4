import { type CauseId, NO_CAUSE } from "./causes.ts";
import { grown } from "./observed.ts";
import type { Pages } from "./pages.ts";
import { RowLists } from "./rowlists.ts";
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

  /** Rows by the first pfn of the entry, and by the unit it belongs to. */
  readonly byStart = new RowLists();
  readonly byOwner = new RowLists();
  /** No entry has been longer since the last reset. */
  longest = 0;
  /** Rows whose entries may have leaked, or may yet: the first `suspectCount` of the array. */
  suspects = new Int32Array(64);
  suspectCount = 0;
  /** Where a row is among the suspects, one higher, or 0. */
  private suspectAt = new Int32Array(64);

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
    this.byStart.reset();
    this.byOwner.reset();
    this.longest = 0;
    this.suspectCount = 0;
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
    this.suspectAt[row] = 0;
    this.counted[row] = owner === 0 ? 0 : 1;
    this.byStart.add(start, row);
    this.byOwner.add(owner, row);
    this.longest = Math.max(this.longest, end - start);
    for (let pfn = start; pfn < end; pfn++) this.cover[pfn] = (this.cover[pfn] as number) + 1;
    if (owner !== 0) {
      this.own(owner, end - start, 1);
      this.keep(start, end);
    }
    if (this.mayLeak(row)) this.suspect(row);
    this.changed = true;
  }

  remove(row: number): void {
    this.resize(row, this.start[row] as number, this.start[row] as number);
    const owner = this.owner[row] as number;
    if (owner !== 0) this.own(owner, 0, -1);
    this.clear(row);
    this.unlink(row);
    const last = --this.count;
    if (row !== last) this.rename(last, row);
  }

  private unlink(row: number): void {
    this.byStart.remove(this.start[row] as number, row);
    this.byOwner.remove(this.owner[row] as number, row);
  }

  /** Moves the entry of one row to another, which is free. */
  private rename(last: number, row: number): void {
    this.unlink(last);
    this.start[row] = this.start[last] as number;
    this.end[row] = this.end[last] as number;
    this.type[row] = this.type[last] as number;
    this.owner[row] = this.owner[last] as number;
    this.mark[row] = this.mark[last] as number;
    this.leaked[row] = this.leaked[last] as number;
    this.counted[row] = this.counted[last] as number;
    this.byStart.add(this.start[row] as number, row);
    this.byOwner.add(this.owner[row] as number, row);
    const at = this.suspectAt[last] as number;
    this.suspectAt[row] = at;
    if (at !== 0) this.suspects[at - 1] = row;
  }

  /** Whether nothing but chance would still free the entry: its unit is none, dead, or inexact. */
  mayLeak(row: number): boolean {
    const owner = this.owner[row] as number;
    return owner === 0 || this.units.live[owner] === 0 || this.units.mark[owner] !== NO_CAUSE;
  }

  /** The entries of a unit that has died or become inexact are to be looked at from now on. */
  suspectUnit(unit: number): void {
    for (let row = this.byOwner.first(unit); row >= 0; row = this.byOwner.next(row)) {
      this.suspect(row);
    }
  }

  private suspect(row: number): void {
    if (this.suspectAt[row] !== 0 || this.leaked[row] === 1) return;
    if (this.suspectCount === this.suspects.length) this.suspects = grown(this.suspects);
    this.suspects[this.suspectCount++] = row;
    this.suspectAt[row] = this.suspectCount;
  }

  /** The entry needs no look any more; the last suspect takes its place among them. */
  clear(row: number): void {
    const at = this.suspectAt[row] as number;
    if (at === 0) return;
    const last = this.suspects[--this.suspectCount] as number;
    this.suspects[at - 1] = last;
    this.suspectAt[last] = at;
    this.suspectAt[row] = 0;
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
    if (start !== oldStart) {
      this.byStart.remove(oldStart, row);
      this.byStart.add(start, row);
    }
    this.start[row] = start;
    this.end[row] = end;
    this.changed = true;
  }

  /** Gives an entry to another unit. */
  hand(row: number, owner: number): void {
    const old = this.owner[row] as number;
    const pages = (this.end[row] as number) - (this.start[row] as number);
    if (old !== 0) this.own(old, -pages, -1);
    this.byOwner.remove(old, row);
    this.owner[row] = owner;
    this.byOwner.add(owner, row);
    if (owner !== 0) this.own(owner, pages, 1);
    this.leaked[row] = 0;
    if (this.mayLeak(row)) this.suspect(row);
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

  /** No entry that covers `pfn` starts before this page. */
  firstStart(pfn: number): number {
    return Math.max(0, pfn - this.longest + 1);
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
    this.suspectAt = grown(this.suspectAt);
  }
}
