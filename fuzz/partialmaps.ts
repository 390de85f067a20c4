import { DRIVER_MODES } from "../src/trace/driverop.ts";
import type { Op } from "../src/trace/op.ts";
import type { Trace, World } from "../src/trace/trace.ts";
import type { Random } from "./random.ts";

const WORLD: World = { pfns: 16, vpages: 24, mtrr: "uncached" };
const MOST_PAGES = 4;
const MOST_PFN = 4;
/** Where the mappings of a trace lie: one slot each, so that none replaces another. */
const SLOT_PAGES = 6;
const FEWEST_SLOTS = 3;
const SLOTS = 4;
const MODES = [...DRIVER_MODES, "wc"] as const;
const WAYS = ["whole", "part", "part", "fault"] as const;

/** One mapping: of the whole VMA, of a part of a longer one, or page by page as it is touched. */
function mapping(random: Random, slot: number): Op[] {
  const how = random.pick(WAYS);
  const proc = random.below(2);
  const pfn = random.between(0, MOST_PFN);
  const pages = random.between(1, MOST_PAGES);
  const mode = random.pick(MODES);
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
 * A trace of drivers that map the same few pfns: some as a whole, which reserves, some in part or
 * at fault time, which takes the mode of what is reserved.
 */
export function writePartialMaps(random: Random, name: string): Trace {
  const slots = Array.from({ length: random.between(FEWEST_SLOTS, SLOTS) }, (_, slot) => slot);
  return {
    format: "pfndiff/trace@1",
    name,
    world: WORLD,
    ops: [
      { op: "spawn", proc: 0 },
      { op: "spawn", proc: 1 },
      ...slots.flatMap((slot) => mapping(random, slot)),
      { op: "exit", proc: 0 },
      { op: "exit", proc: 1 },
    ],
  };
}
