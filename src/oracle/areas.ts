import { PageSet as Starts } from "../pat/pageset.ts";
import { PageSet } from "./pagebits.ts";
import type { Unit } from "./unit.ts";

/** Consecutive pages of a process that one unit maps to consecutive pfns with one mode: [start, end). */
export class Area {
  start = 0;
  end = 0;
  pfn = 0;
  /**
   * The cache mode that its pages are mapped with, by index in CACHE_MODES: what the page table
   * has, or where a side does not show that, what was reserved for them.
   */
  mode = 0;

  constructor(public unit: Unit) {}

  /** The pfn that one of its pages maps. */
  pfnAt(page: number): number {
    return this.pfn + page - this.start;
  }
}

/** Where areas come from, and go to. */
export interface AreaPool {
  freeArea(area: Area): void;
  newArea(start: number, end: number, pfn: number, unit: Unit, mode: number): Area;
}

/**
 * What the ledger knows of one process: its areas, which are found by a set of the pages where they
 * begin, and which pages are off.
 */
export class ProcLedger {
  alive = false;
  /** Pages in areas that do not map their pfn: a write has copied them, or they were taken. */
  readonly copied = new PageSet();
  readonly taken = new PageSet();
  /** No page has been off, and the two sets are not in use. */
  isOn = true;
  private vpages = 1;
  private readonly starts = new Starts(1);
  private readonly byStart: (Area | null)[] = [];

  /** Empty and alive, with a window of so many pages. */
  begin(vpages: number): void {
    this.alive = true;
    this.isOn = true;
    this.vpages = vpages;
    while (this.byStart.length < vpages) this.byStart.push(null);
  }

  /** Dead; its areas go to the pool. */
  end(pool: AreaPool): void {
    this.alive = false;
    for (let area = this.find(0); area !== null; area = this.after(area)) {
      this.remove(area);
      pool.freeArea(area);
    }
  }

  /** Keeps the areas and which pages are off; returns what brings them to life again here. */
  keep(): (pool: AreaPool) => void {
    const { isOn, vpages } = this;
    const areas = [...this.every()].map(({ start, end, pfn, unit, mode }) => {
      return { start, end, pfn, unit, mode };
    });
    const off = isOn ? [] : [this.copied.keep(), this.taken.keep()];
    return (pool) => {
      this.begin(vpages);
      this.isOn = isOn;
      for (const back of off) back();
      for (const { start, end, pfn, unit, mode } of areas) {
        this.insert(pool.newArea(start, end, pfn, unit, mode));
      }
    };
  }

  /** The first area that ends after `page`, or null. */
  find(page: number): Area | null {
    return this.areaAt(page) ?? this.startingFrom(page + 1);
  }

  /** The area that holds a page, or null. */
  areaAt(page: number): Area | null {
    const start = this.starts.last(page);
    if (start < 0) return null;
    const area = this.byStart[start] as Area;
    return area.end > page ? area : null;
  }

  /** The next area by address, or null; `area` may have been taken out. */
  after(area: Area): Area | null {
    return this.startingFrom(area.end);
  }

  /** Every area by rising address; for where an op costs much anyway. */
  *every(): Generator<Area> {
    for (let area = this.find(0); area !== null; area = this.after(area)) yield area;
  }

  insert(area: Area): void {
    this.starts.add(area.start);
    this.byStart[area.start] = area;
  }

  remove({ start }: Area): void {
    this.starts.delete(start);
    this.byStart[start] = null;
  }

  private startingFrom(page: number): Area | null {
    const start = this.starts.next(page);
    return start < 0 ? null : (this.byStart[start] as Area);
  }

  /** Cuts the area that `page` lies inside of in two. */
  cut(page: number, pool: AreaPool): void {
    const area = this.areaAt(page);
    if (area === null || area.start === page) return;
    const upper = pool.newArea(page, area.end, area.pfnAt(page), area.unit, area.mode);
    area.end = page;
    this.insert(upper);
  }

  /** From now on pages may be off. */
  beginOff(): void {
    if (!this.isOn) return;
    this.isOn = false;
    this.copied.clear(this.vpages);
    this.taken.clear(this.vpages);
  }

  /** Why a page is off, or null where it is not. */
  offReason(page: number): "copied" | "taken" | null {
    if (this.isOn) return null;
    if (this.copied.has(page)) return "copied";
    return this.taken.has(page) ? "taken" : null;
  }

  isOff(page: number): boolean {
    return !this.isOn && (this.copied.has(page) || this.taken.has(page));
  }

  /** Where the pages from `from` on stop being all off, or all on; at most `to`. */
  runEnd(from: number, to: number): number {
    if (this.isOn) return to;
    const off = this.isOff(from);
    let page = from + 1;
    while (page < to && this.isOff(page) === off) page++;
    return page;
  }

  /** Pages [from, to) map their pfns, as new ones do. */
  clearOff(from: number, to: number): void {
    if (this.isOn) return;
    this.copied.remove(from, to);
    this.taken.remove(from, to);
  }
}

/** How the sides' ledgers of one process differ. */
export const [EQUAL, MODES_DIFFER, VMAS_DIFFER] = [0, 1, 2];

/** How two processes with equal VMAs differ in what those map: in which pages, or in modes only. */
export function areasDiffer(mine: ProcLedger, other: ProcLedger, vpages: number): number {
  if (!(mine.isOn && other.isOn) && !haveSameOff(mine, other, vpages)) return VMAS_DIFFER;
  let modes = EQUAL;
  let [area, twin] = [mine.find(0), other.find(0)];
  for (let page = 0; area !== null && twin !== null; ) {
    if (Math.max(area.start, page) !== Math.max(twin.start, page)) return MODES_DIFFER;
    if (area.mode !== twin.mode) modes = MODES_DIFFER;
    page = Math.min(area.end, twin.end);
    if (area.end === page) area = mine.after(area);
    if (twin.end === page) twin = other.after(twin);
  }
  return area === twin ? modes : MODES_DIFFER;
}

/** Whether the same pages are off, and for the same reason, of those that are in areas at all. */
function haveSameOff(mine: ProcLedger, other: ProcLedger, vpages: number): boolean {
  for (let page = 0; page < vpages; page++) {
    if (mine.offReason(page) === other.offReason(page)) continue;
    if (mine.areaAt(page) !== null || other.areaAt(page) !== null) return false;
  }
  return true;
}
