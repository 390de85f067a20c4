import { rowOf } from "../src/trace/op.ts";
import { MEMORIES, type Memory, memoryOf, type Trace, type World } from "../src/trace/trace.ts";
import type { Region } from "./guest.ts";
import { PAGE_BYTES } from "./parse/memtype.ts";

/** What one page table covers. */
const TABLE_PAGES = 512;
/** The least address of virtual windows (WINDOW_ADDRESS in guest/wire.h), which begins a page table. */
export const WINDOW_ADDRESS = 0x100_0000;
/** Where a page table ends, the one above it (2 MiB), and the one above that (1 GiB). */
const BOUNDARY = 0x4000_0000;

/**
 * The address of virtual page 0 of a trace's processes. Its middle is where three levels of page tables end, so that what
 * kernels do range by range meets that; a trace that is longer than a table crosses one anyway, and where allocations
 * are to fail a table begins with page 0, as it does in models.
 */
export function virtualWindow({ world: { vpages }, ops }: Trace): number {
  const isPlain = vpages >= TABLE_PAGES || ops.some(({ fault }) => fault !== undefined);
  return isPlain ? WINDOW_ADDRESS : BOUNDARY - Math.floor(vpages / 2) * PAGE_BYTES;
}

/**
 * Hands out a window of its own to every trace of one boot, since the before side leaks for good.
 * From high to low: the memtype list is sorted by address and the guest stops reading past its
 * window, so what earlier traces leaked costs nothing. The last page is the guest's own, which it
 * maps to learn the design.
 */
export class Windows {
  readonly #regions: Readonly<Record<Memory, Region>>;
  readonly #next: Record<Memory, number>;

  constructor(regions: Readonly<Record<Memory, Region>>) {
    this.#regions = regions;
    const last = MEMORIES.map((memory) => [memory, regions[memory].pages - 1] as const);
    this.#next = Object.fromEntries(last) as Record<Memory, number>;
  }

  /**
   * The first page of a fresh window, relative to its region, or null when none is left. Ops that take pages in
   * multiples of some number have a window that begins at one.
   */
  take({ world, ops }: Trace): number | null {
    const memory = memoryOf(world);
    const unaligned = this.#next[memory] - world.pfns;
    const granule = Math.max(...ops.map(({ op }) => rowOf(op).granule ?? 1), 1);
    const first = unaligned - (unaligned % granule);
    if (first < 0) return null;
    this.#next[memory] = first;
    return first;
  }

  /** Where a window lies in physical memory. */
  locate(world: World, window: number): Region {
    const { address } = this.#regions[memoryOf(world)];
    return { address: address + window * PAGE_BYTES, pages: world.pfns };
  }
}
