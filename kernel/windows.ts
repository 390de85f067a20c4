import type { Mtrr, World } from "../src/trace/trace.ts";
import type { Region } from "./guest.ts";

/**
 * Hands out a window of its own to every trace of one boot, since the before side leaks for good.
 * From high to low: the memtype list is sorted by address and the guest stops reading past its
 * window, so what earlier traces leaked costs nothing. The last page is the guest's own, which it
 * maps to learn the design.
 */
export class Windows {
  readonly #regions: Readonly<Record<Mtrr, Region>>;
  readonly #next: Record<Mtrr, number>;

  constructor(regions: Readonly<Record<Mtrr, Region>>) {
    this.#regions = regions;
    this.#next = {
      uncached: regions.uncached.pages - 1,
      "write-back": regions["write-back"].pages - 1,
    };
  }

  /** The first page of a fresh window, relative to its region, or null when none is left. */
  take(world: World): number | null {
    const first = this.#next[world.mtrr] - world.pfns;
    if (first < 0) return null;
    this.#next[world.mtrr] = first;
    return first;
  }

  /** Where a window lies in physical memory. */
  locate(world: World, window: number): Region {
    const { address } = this.#regions[world.mtrr];
    return { address: address + window * 4096, pages: world.pfns };
  }
}
