import * as fc from "fast-check";
import { DRIVER_MODES } from "../src/trace/driverop.ts";
import type { Op } from "../src/trace/op.ts";
import type { Trace, World } from "../src/trace/trace.ts";

const WORLD: World = { pfns: 16, vpages: 24, mtrr: "uncached" };
const MOST_PAGES = 4;
/** Where the mappings of a trace lie: one slot each, so that none replaces another. */
const SLOT_PAGES = 6;
const FEWEST_SLOTS = 3;
const SLOTS = 4;

const range = fc.record({
  pfn: fc.nat({ max: 4 }),
  pages: fc.integer({ min: 1, max: MOST_PAGES }),
  mode: fc.constantFrom(...DRIVER_MODES, "wc" as const),
});

/** One mapping: of the whole VMA, of a part of a longer one, or page by page as it is touched. */
const mapping = fc.tuple(
  fc.constantFrom("whole", "part", "part", "fault"),
  fc.nat({ max: 1 }),
  range,
);

type Drawn = typeof mapping extends fc.Arbitrary<infer T> ? T : never;

function opsOf([how, proc, { pfn, pages, mode }]: Drawn, slot: number): Op[] {
  const at = slot * SLOT_PAGES;
  const map = { op: "drv-mmap", proc, at, off: 0, prot: "rw", private: false } as const;
  const remap = { call: "remap", off: 0, pfn, mode } as const;
  if (how === "whole") return [{ ...map, pages, calls: [{ ...remap, pages: 0 }] }];
  if (how === "part") return [{ ...map, pages: pages + 1, calls: [{ ...remap, pages }] }];
  const handler = { call: "fault-handler", does: "insert", pfn, mode } as const;
  return [
    { ...map, pages, calls: [handler] },
    { op: "touch", proc, at, write: false },
    { op: "touch", proc, at: at + pages - 1, write: false },
  ];
}

/**
 * Traces of drivers that map the same few pfns: some as a whole, which reserves, some in part or
 * at fault time, which takes the mode of what is reserved.
 */
export const partsTrace: fc.Arbitrary<Trace> = fc
  .array(mapping, { minLength: FEWEST_SLOTS, maxLength: SLOTS })
  .map((drawn) => ({
    format: "pfndiff/trace@1",
    name: "parts",
    world: WORLD,
    ops: [
      { op: "spawn", proc: 0 },
      { op: "spawn", proc: 1 },
      ...drawn.flatMap(opsOf),
      { op: "exit", proc: 0 },
      { op: "exit", proc: 1 },
    ],
  }));
