import type { CauseId } from "./causes.ts";
import type { Pages } from "./pages.ts";
import { UC_MINUS } from "../pat/cachemode.ts";
import { Reservation } from "./reservation.ts";
import type { Unit } from "./unit.ts";

/**
 * The oracle's copy of the memtype list, each entry with the unit it belongs to, and for each
 * pfn how many entries cover it. The order is not the kernel's.
 */
export class Reservations {
  /** The entries: the first `count` of the array; the others wait to be used again. */
  readonly rows: Reservation[] = [];
  count = 0;
  /** Entries that may have leaked, or may yet: the first `suspectCount` of the array. */
  readonly suspects: Reservation[] = [];
  suspectCount = 0;

  /** The entry added last by first pfn. */
  private heads: (Reservation | null)[] = [];
  /** No entry has been longer since the last reset. */
  private longest = 0;

  /** An entry became a suspect in this step, or a smaller one. */
  hasNewSuspect = false;
  private step = -1;

  constructor(private readonly pages: Pages) {}

  reset(pfns: number): void {
    for (let row = 0; row < this.count; row++) {
      this.heads[(this.rows[row] as Reservation).start] = null;
    }
    while (this.heads.length < pfns) this.heads.push(null);
    this.count = 0;
    this.longest = 0;
    this.suspectCount = 0;
    this.step = -1;
    this.hasNewSuspect = false;
  }

  begin(): void {
    this.hasNewSuspect = false;
    this.step++;
  }

  /** Keeps every entry, and which are suspects; returns what puts them back, each in its own object. */
  keep(): () => void {
    const { count, longest, step } = this;
    const rows = [...this.rows];
    const entries = rows.slice(0, count).map((entry) => entry.keep());
    const suspects = this.suspects.slice(0, this.suspectCount);
    const heads = [...this.heads];
    return () => {
      // Those made since have no place among the rows that were there.
      while (this.rows.length > rows.length) this.rows.pop();
      for (let row = 0; row < rows.length; row++) this.rows[row] = rows[row] as Reservation;
      for (const back of entries) back();
      this.count = count;
      this.longest = longest;
      this.step = step;
      this.suspectCount = suspects.length;
      for (let at = 0; at < suspects.length; at++) this.suspects[at] = suspects[at] as Reservation;
      for (let pfn = 0; pfn < this.heads.length; pfn++) this.heads[pfn] = heads[pfn] ?? null;
    };
  }

  /** The first of the entries that start at a pfn, or null; they are linked. */
  startingAt(pfn: number): Reservation | null {
    return this.heads[pfn] ?? null;
  }

  /** `cause`: why an entry without owner is there; `step`: what made it, if not the op at hand. */
  add(
    start: number,
    end: number,
    mode: number,
    owner: Unit | null,
    cause: CauseId,
    step = this.step,
  ): void {
    const entry = (this.rows[this.count] ??= new Reservation());
    entry.row = this.count++;
    entry.start = start;
    entry.end = end;
    entry.mode = mode;
    entry.owner = owner;
    entry.cause = cause;
    entry.step = step;
    entry.leaked = false;
    entry.suspectAt = 0;
    entry.isCounted = owner !== null && owner.holder !== "kernel";
    this.linkToStart(entry);
    entry.linkToOwner();
    if (end - start > this.longest) this.longest = end - start;
    this.pages.reserve(start, end, entry.isCounted);
    if (owner !== null) {
      owner.entries++;
      owner.reserved += end - start;
    }
    if (entry.mayLeak) this.suspect(entry);
  }

  remove(entry: Reservation): void {
    this.uncover(entry, entry.start, entry.end);
    const { owner } = entry;
    if (owner !== null) {
      owner.entries--;
      owner.reserved -= entry.end - entry.start;
    }
    this.clear(entry);
    this.unlinkFromStart(entry);
    entry.unlinkFromOwner();
    const last = this.rows[--this.count] as Reservation;
    this.rows[entry.row] = last;
    last.row = entry.row;
    this.rows[this.count] = entry;
  }

  private linkToStart(entry: Reservation): void {
    const second = this.heads[entry.start] ?? null;
    entry.nextOfStart = second;
    entry.previousOfStart = null;
    if (second !== null) second.previousOfStart = entry;
    this.heads[entry.start] = entry;
  }

  private unlinkFromStart({ start, nextOfStart, previousOfStart }: Reservation): void {
    if (previousOfStart === null) this.heads[start] = nextOfStart;
    else previousOfStart.nextOfStart = nextOfStart;
    if (nextOfStart !== null) nextOfStart.previousOfStart = previousOfStart;
  }

  /** The entries of a unit that has died or become inexact are to be looked at from now on. */
  suspectUnit(unit: Unit): void {
    for (let entry = unit.entry; entry !== null; entry = entry.nextOfOwner) this.suspect(entry);
  }

  private suspect(entry: Reservation): void {
    this.hasNewSuspect = true;
    if (entry.suspectAt !== 0 || entry.leaked) return;
    this.suspects[this.suspectCount++] = entry;
    entry.suspectAt = this.suspectCount;
  }

  /** The entry needs no look any more; the last suspect takes its place among them. */
  clear(entry: Reservation): void {
    const at = entry.suspectAt;
    if (at === 0) return;
    const last = this.suspects[--this.suspectCount] as Reservation;
    this.suspects[at - 1] = last;
    last.suspectAt = at;
    entry.suspectAt = 0;
  }

  /** Narrows an entry to [start, end), which lies inside it. */
  resize(entry: Reservation, start: number, end: number): void {
    this.uncover(entry, entry.start, start);
    this.uncover(entry, end, entry.end);
    const { owner } = entry;
    if (owner !== null) owner.reserved += end - start - (entry.end - entry.start);
    if (start !== entry.start) this.unlinkFromStart(entry);
    const isMoved = start !== entry.start;
    entry.start = start;
    entry.end = end;
    if (isMoved) this.linkToStart(entry);
    if (entry.suspectAt !== 0) this.hasNewSuspect = true;
  }

  private uncover({ isCounted }: Reservation, start: number, end: number): void {
    if (start < end) this.pages.unreserve(start, end, isCounted);
  }

  /** Gives an entry to another unit. */
  hand(entry: Reservation, owner: Unit): void {
    const pages = entry.end - entry.start;
    if (entry.owner !== null) {
      entry.owner.entries--;
      entry.owner.reserved -= pages;
    }
    entry.unlinkFromOwner();
    entry.owner = owner;
    entry.linkToOwner();
    owner.entries++;
    owner.reserved += pages;
    entry.leaked = false;
    if (entry.mayLeak) this.suspect(entry);
    if (!entry.isCounted) {
      entry.isCounted = true;
      this.pages.keep(entry.start, entry.end);
    }
  }

  /** The entry no longer counts as kept by the design: its unit is dead, or it leaked. */
  uncount(entry: Reservation): void {
    if (!entry.isCounted) return;
    entry.isCounted = false;
    this.pages.unkeep(entry.start, entry.end);
  }

  /** The cache mode of an entry that covers `pfn`, or the one of a page without reservation. */
  modeAt(pfn: number): number {
    for (let start = this.firstStart(pfn); start <= pfn; start++) {
      let entry = this.startingAt(start);
      for (; entry !== null; entry = entry.nextOfStart) if (entry.end > pfn) return entry.mode;
    }
    return UC_MINUS;
  }

  /** No entry that covers `pfn` starts before this page. */
  firstStart(pfn: number): number {
    return Math.max(0, pfn - this.longest + 1);
  }
}
