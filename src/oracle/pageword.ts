import { CACHE_MODES } from "../pat/cachemode.ts";
import { PageCounts } from "./pagebits.ts";

const MODES = CACHE_MODES.length;
export const UC_MINUS = CACHE_MODES.indexOf("uncached-minus");
/** Counted apart: mappings that nothing tracks, with the mode that a page has without reservation. */
export const UNTRACKED = MODES;
/** Mappings whose modes are nobody's affair. */
export const UNMINDED = MODES + 1;

/** What is known of 32 pages. */
export class PageWord {
  /** Pages that some mapping maps. */
  mapped = 0;
  /** Mappings by cache mode. */
  readonly byMode = Array.from({ length: UNMINDED + 1 }, () => new PageCounts());
  /** Pages in VMAs that do not map them: copied on write, or taken away. */
  readonly off = new PageCounts();
  /** Reservations, and those of them that belong to a living unit. */
  readonly covered = new PageCounts();
  readonly kept = new PageCounts();
  /** Pages whose mappings began or ended in this step, or that came to be kept unmapped. */
  changed = 0;
  /** Pages that lost their last reservation in this step. */
  uncovered = 0;

  clear(): void {
    this.mapped = 0;
    for (let mode = 0; mode <= UNMINDED; mode++) (this.byMode[mode] as PageCounts).clear();
    this.off.clear();
    this.covered.clear();
    this.kept.clear();
    this.changed = 0;
    this.uncovered = 0;
  }

  /** Keeps all but what the step at hand has changed; returns what puts it back. */
  keep(): () => void {
    const { mapped, byMode, off, covered, kept } = this;
    const counts = [...byMode, off, covered, kept].map((each) => each.keep());
    return () => {
      this.mapped = mapped;
      this.changed = 0;
      this.uncovered = 0;
      for (const back of counts) back();
    };
  }

  /** Pages that a VMA has, mapped or not. */
  get inVma(): number {
    return this.mapped | this.off.some;
  }

  /** Pages that a mapping maps which must be covered by a reservation. */
  get tracked(): number {
    let tracked = 0;
    for (let mode = 0; mode < MODES; mode++) tracked |= (this.byMode[mode] as PageCounts).some;
    return tracked;
  }

  /** The cache modes that some of these pages are mapped with, one bit each. */
  modesOf(pages: number): number {
    let modes = 0;
    for (let mode = 0; mode <= UNTRACKED; mode++) {
      if (((this.byMode[mode] as PageCounts).some & pages) === 0) continue;
      modes |= 1 << (mode === UNTRACKED ? UC_MINUS : mode);
    }
    return modes;
  }

  /** Of these pages those that are mapped, need a reservation, and have none. */
  unreserved(pages: number): number {
    const candidates = pages & this.mapped & ~this.covered.some;
    return candidates === 0 ? 0 : candidates & this.tracked;
  }
}
