import type { Op } from "../src/trace/op.ts";
import { REGION_VIAS } from "../src/trace/op.ts";
import { isDevice, type Trace, type World } from "../src/trace/trace.ts";
import { Random } from "./random.ts";

const APERTURE: World = { pfns: 8, vpages: 40, mtrr: "uncached" };
const LOW: World = { ...APERTURE, mtrr: "write-back" };
const IOREMAP_MODES = ["plain", "wc", "cache", "uc"] as const;
const MEMREMAP_MODES = ["wb", "wt", "wc"] as const;
const SET_MEMORY_MODES = ["wb", "wc", "uc"] as const;
const SLOT_PAGES = 8;
const MOST_SLOTS = 4;

/** This serves run after run. */
const random = new Random();

function range(pfns: number): { pfn: number; pages: number } {
  const pfn = random.below(pfns - 1);
  return { pfn, pages: random.between(1, Math.min(4, pfns - pfn)) };
}

/** The kernel changes the mode of its own pages of RAM. */
function setMemory(world: World): Op {
  const mode = random.pick(SET_MEMORY_MODES);
  return { op: "set-memory", proc: random.below(2), mode, ...range(world.pfns), ram: true };
}

/** A process maps some pages and perhaps gives a part of them up, or the kernel maps them for itself. */
function holder(world: World, slot: number): Op[] {
  if (random.chance(1, 8)) return [setMemory(world)];
  const proc = random.below(2);
  const { pfn, pages } = range(world.pfns);
  if (random.chance(1, 4)) {
    const mode = random.pick(IOREMAP_MODES);
    return [{ op: "ioremap", proc, slot, mode, pfn, pages }];
  }
  const at = slot * SLOT_PAGES;
  const via = viaIn(world);
  const isPrivate = random.chance(1, 4);
  const map: Op = { op: "mmap", proc, at, pages, pfn, via, prot: "rw", private: isPrivate };
  if (pages === 1 || random.chance(1, 2)) return [map];
  const cut = random.between(1, pages - 1);
  const gone = random.chance(1, 2) ? { at, pages: cut } : { at: at + cut, pages: pages - cut };
  return [map, { op: "munmap", proc, ...gone }];
}

function viaIn(world: World) {
  return random.pick(isDevice(world) ? REGION_VIAS : (["devmem", "devmem_sync"] as const));
}

/** Somebody asks for pages among those: a process, or the kernel for itself. */
function request(world: World): Op {
  if (random.chance(1, 8)) return setMemory(world);
  const proc = random.below(2);
  const { pfn, pages } = range(world.pfns);
  const slot = MOST_SLOTS;
  if (random.chance(1, 3))
    return { op: "ioremap", proc, slot, mode: random.pick(IOREMAP_MODES), pfn, pages };
  if (random.chance(1, 3))
    return { op: "memremap", proc, slot, mode: random.pick(MEMREMAP_MODES), pfn, pages };
  if (random.chance(1, 6)) return { op: "fork", proc, child: 2 };
  const at = slot * SLOT_PAGES;
  return { op: "mmap", proc, at, pages, pfn, via: viaIn(world), prot: "rw", private: false };
}

/**
 * The trace of a run: a few that hold pages in several modes, and one request that meets them.
 * Short, so that what stands in the way of a request comes up often.
 */
export function requestsOfRun(seed: number, run: number): Trace {
  random.restart(seed, run, "trace");
  const world = random.chance(1, 4) ? LOW : APERTURE;
  const holders = random.between(1, MOST_SLOTS);
  const ops: Op[] = [
    { op: "spawn", proc: 0 },
    { op: "spawn", proc: 1 },
  ];
  for (let slot = 0; slot < holders; slot++) ops.push(...holder(world, slot));
  ops.push(request(world));
  return { format: "pfndiff/trace@1", name: `requests ${seed}:${run}`, world, ops };
}
