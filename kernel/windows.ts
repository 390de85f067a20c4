import { granuleOf } from "../src/trace/op.ts";
import {
  MEMORIES,
  type Memory,
  memoryOf,
  partOf,
  type Trace,
  type World,
} from "../src/trace/trace.ts";
import type { Region } from "./guest.ts";
import { PAGE_BYTES, type WorldWindow } from "./parse/memtype.ts";
import { type RegionName, WIRE } from "./wire.ts";

/** What one page table covers. */
const TABLE_PAGES = 512;
/** The least address of virtual windows (WINDOW_ADDRESS in guest/wire.h), which begins a page table. */
export const WINDOW_ADDRESS = 0x100_0000;
/** Where the ISA window begins. */
const ISA_START = 0xa_0000;
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

/** The region that a world lies in. */
export function regionOf(world: World): RegionName {
  return world.isa === undefined ? memoryOf(world) : "isa";
}

/** The only place of a world about the ISA window, by its first page in that region, or null where there is none. */
export function isaPlace({ isa = 0, pfns }: World): number | null {
  const { ISA_REGION_ADDRESS, ISA_REGION_BYTES } = WIRE;
  const first = (ISA_START - ISA_REGION_ADDRESS) / PAGE_BYTES - isa;
  return first < 0 || first + pfns > ISA_REGION_BYTES / PAGE_BYTES ? null : first;
}

/**
 * Hands out a window of its own to every trace of one boot, since the before side leaks for good.
 * From high to low: the memtype list is sorted by address and the guest stops reading past its
 * window, so what earlier traces leaked costs nothing. The last page is the guest's own, which it
 * maps to learn the design. About the ISA window there is one place for a world, which serves again where a trace has left nothing.
 */
export class Windows {
  readonly #regions: Readonly<Record<Memory, Region>>;
  readonly #next: Record<Memory, number>;
  /** Pages about the ISA window in which a trace runs, or has left something. */
  readonly #isaTaken = new Set<number>();

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
    if (world.isa !== undefined) return this.#takeIsa(world);
    const memory = memoryOf(world);
    const unaligned = this.#next[memory] - world.pfns;
    const granule = Math.max(...ops.map(granuleOf), 1);
    const first = unaligned - (unaligned % granule);
    if (first < 0) return null;
    this.#next[memory] = first;
    return first;
  }

  /** Windows for a trace: of its own region, and of each further one; null when there is none left for one of them. */
  takeAll(trace: Trace): { readonly window: number; readonly further: readonly number[] } | null {
    const further: number[] = [];
    for (let n = 1, part = partOf(trace.world, n); part !== null; part = partOf(trace.world, ++n)) {
      // Drivers' pieces of 2 MiB may be of any of them.
      const ops = trace.ops.filter((op) => "calls" in op);
      const first = this.take({ ...trace, world: part, ops });
      if (first === null) return null;
      further.push(first);
    }
    const window = this.take(trace);
    return window === null ? null : { window, further };
  }

  #takeIsa(world: World): number | null {
    const first = isaPlace(world);
    const pages = pagesOf(world, first ?? 0);
    if (first === null || pages.some((page) => this.#isaTaken.has(page))) return null;
    for (const page of pages) this.#isaTaken.add(page);
    return first;
  }

  /** A trace has left nothing in its window. */
  giveBack(world: World, window: number): void {
    if (world.isa !== undefined)
      for (const page of pagesOf(world, window)) this.#isaTaken.delete(page);
  }

  /** Where a window lies in physical memory. */
  locate(world: World, window: number, further: readonly number[] = []): WorldWindow {
    const { isa } = world;
    const others = further.map((first, n) => this.locate(partOf(world, n + 1) ?? world, first));
    const address =
      isa === undefined ? this.#regions[memoryOf(world)].address : WIRE.ISA_REGION_ADDRESS;
    return {
      address: address + window * PAGE_BYTES,
      pages: world.pfns,
      ...(others.length === 0 ? {} : { others }),
    };
  }
}

const pagesOf = ({ pfns }: World, first: number) =>
  Array.from({ length: pfns }, (_, page) => first + page);
