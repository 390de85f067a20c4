import { PageSet } from "./pagebits.ts";
import type { Unit } from "./unit.ts";

/** Consecutive pages of a process that one unit maps to consecutive pfns: [start, end). */
export class Area {
  start = 0;
  end = 0;
  pfn = 0;

  constructor(public unit: Unit) {}

  /** The pfn that one of its pages maps. */
  pfnAt(page: number): number {
    return this.pfn + page - this.start;
  }
}

/** Where areas come from. */
export interface AreaPool {
  newArea(start: number, end: number, pfn: number, unit: Unit): Area;
}

/** So many areas are moved up or down faster one by one than by the engine's splice(). */
const FEW = 64;

/** What the ledger knows of one process: its areas in order of address, and which pages are off. */
export class ProcLedger {
  alive = false;
  readonly areas: Area[] = [];
  /** Pages in areas that do not map their pfn: a write has copied them, or they were taken. */
  readonly copied = new PageSet();
  readonly taken = new PageSet();
  /** No page has been off, and the two sets are not in use. */
  isOn = true;
  private vpages = 1;

  /** Empty and alive, with a window of so many pages. */
  begin(vpages: number): void {
    this.alive = true;
    while (this.areas.length > 0) this.areas.pop();
    this.isOn = true;
    this.vpages = vpages;
  }

  /** Dead, and without areas. */
  end(): void {
    this.alive = false;
    while (this.areas.length > 0) this.areas.pop();
  }

  /** Index of the first area that ends after `page`; the number of areas where there is none. */
  firstAfter(page: number): number {
    const { areas } = this;
    let low = 0;
    for (let left = areas.length; left > 0; ) {
      const half = (left + 1) >> 1;
      low += half & (((areas[low + half - 1] as Area).end - page - 1) >> 31);
      left -= half;
    }
    return low;
  }

  /** The area that holds a page, or null. */
  areaAt(page: number): Area | null {
    const area = this.areas[this.firstAfter(page)];
    return area !== undefined && area.start <= page ? area : null;
  }

  insert(area: Area): void {
    const { areas } = this;
    let at = areas.length;
    if (at > FEW) {
      areas.splice(this.firstAfter(area.start), 0, area);
      return;
    }
    areas.push(area);
    for (; at > 0 && (areas[at - 1] as Area).start > area.start; at--) {
      areas[at] = areas[at - 1] as Area;
    }
    areas[at] = area;
  }

  /** Drops areas[first, last). */
  remove(first: number, last: number): void {
    const { areas } = this;
    if (first === last) return;
    if (areas.length - last > FEW) {
      areas.splice(first, last - first);
      return;
    }
    let to = first;
    for (let from = last; from < areas.length; from++) areas[to++] = areas[from] as Area;
    while (areas.length > to) areas.pop();
  }

  /** Cuts the area that `page` lies inside of in two. */
  cut(page: number, pool: AreaPool): void {
    const area = this.areaAt(page);
    if (area === null || area.start === page) return;
    const upper = pool.newArea(page, area.end, area.pfnAt(page), area.unit);
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
