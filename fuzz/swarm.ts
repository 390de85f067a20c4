import {
  type Advice,
  type SyscallKind,
  PROTS,
  type Prot,
  VIAS,
  type Via,
} from "../src/trace/op.ts";
import type { World } from "../src/trace/trace.ts";
import type { Dice } from "./dice.ts";

/** A physical range that a run comes back to, so that mappings overlap. */
interface HotRange {
  readonly pfn: number;
  readonly pages: number;
}

/**
 * What one run is allowed to do: its world, the op kinds it draws from with their weights, and
 * the ranges it prefers. Runs that differ in kind find more than one mixture of everything.
 */
export interface Swarm {
  readonly world: World;
  /** Op kinds, each as often as its weight; one draw picks an entry. */
  readonly wheel: readonly SyscallKind[];
  readonly ops: number;
  readonly maxProcs: number;
  readonly maxPages: number;
  readonly vias: readonly Via[];
  readonly prots: readonly Prot[];
  readonly advices: readonly Advice[];
  /** Of 8 mmaps, how many are private. */
  readonly privateOf8: number;
  /** Of 16 forks, how many are told to fail late. */
  readonly lateOf16: number;
  /** Of 16 ranges, how many are drawn without looking at what is mapped. */
  readonly blindOf16: number;
  readonly hot: readonly HotRange[];
  /** Ends with an exit of every live process, which makes a leak certain. */
  readonly exits: boolean;
}

/** The only worlds a campaign draws: most like the recordings, some so small that all collides. */
const WORLD = { pfns: 16, vpages: 24 } as const;
const SMALL = { least: 4, most: 8 } as const;

/** One run in so many may run out of VMAs, and so many each of its processes may have. */
const LIMITED_RUNS = 12;
const ROOM = { least: 1, most: 10 } as const;

const OPTIONAL = [
  "munmap",
  "mremap",
  "mprotect",
  "madvise",
  "touch",
  "fork",
  "spawn",
  "exit",
] as const;

/**
 * What device mappings hardly notice, or what leaves little to act on: one in so many runs has
 * each, once on its wheel.
 */
const RARE: readonly SyscallKind[] = ["mlock", "munlock", "mseal", "revoke"];
const RARE_RUNS = 6;

/** Most weight a kind can get; lifecycles stay rare or there is nothing left to act on. */
const HEAVIEST = {
  mmap: 6,
  munmap: 6,
  mremap: 6,
  mprotect: 3,
  madvise: 3,
  touch: 4,
  fork: 3,
  spawn: 1,
  exit: 1,
} as const;

/** What a run can be about. */
const FAVOURITES: readonly SyscallKind[] = [
  "munmap",
  "mremap",
  "mprotect",
  "madvise",
  "touch",
  "fork",
];
const FAVOURITE_WEIGHT = 12;

/** Low memory has no PCI resource. */
const LOW_MEMORY_VIAS = VIAS.filter((via) => !via.startsWith("resource"));
const MOSTLY_RW: readonly Prot[] = ["rw", "rw", "rw", "rw", "rw", "r", "none"];
/** The only advice that changes a device mapping, and what is refused there. */
const MOSTLY_DONTFORK: readonly Advice[] = [
  "dontfork",
  "dontfork",
  "dontfork",
  "dofork",
  "dontneed",
  "wipeonfork",
  "willneed",
];
const MOST_PAGES = [2, 3, 4, 8] as const;
const PRIVATE_OF_8 = [0, 1, 2, 4, 8] as const;
const BLIND_OF_16 = [0, 1, 2, 4] as const;
const LATE_OF_16 = [0, 0, 0, 0, 0, 0, 1, 4] as const;

function drawWorld(dice: Dice): World {
  const mtrr = dice.chance(3, 4) ? "uncached" : "write-back";
  const isUsual = dice.chance(3, 4);
  const pfns = isUsual ? WORLD.pfns : dice.between(SMALL.least, SMALL.most);
  const vpages = isUsual ? WORLD.vpages : dice.between(SMALL.least, SMALL.most);
  if (!dice.chance(1, LIMITED_RUNS)) return { pfns, vpages, mtrr };
  return { pfns, vpages, mtrr, maps: dice.between(ROOM.least, ROOM.most) };
}

function drawWheel(dice: Dice, { mtrr }: World): SyscallKind[] {
  const favourite = dice.chance(1, 4) ? dice.pick(FAVOURITES) : null;
  const wheel: SyscallKind[] = [];
  addToWheel(wheel, "mmap", dice.between(2, HEAVIEST.mmap));
  for (const kind of OPTIONAL) {
    if (kind === favourite) addToWheel(wheel, kind, FAVOURITE_WEIGHT);
    else if (dice.chance(2, 3)) addToWheel(wheel, kind, dice.between(1, HEAVIEST[kind]));
  }
  for (const kind of RARE) {
    const applies = kind !== "revoke" || mtrr === "uncached";
    if (dice.chance(1, RARE_RUNS) && applies) wheel.push(kind);
  }
  return wheel;
}

function addToWheel(wheel: SyscallKind[], kind: SyscallKind, weight: number): void {
  for (let n = 0; n < weight; n++) wheel.push(kind);
}

function drawVias(dice: Dice, { mtrr }: World): readonly Via[] {
  const all = mtrr === "uncached" ? VIAS : LOW_MEMORY_VIAS;
  if (dice.chance(1, 2)) return all;
  return mtrr === "uncached" ? [dice.pick(all), dice.pick(all)] : [dice.pick(all)];
}

function drawHot(dice: Dice, world: World, maxPages: number): HotRange[] {
  const hot: HotRange[] = [];
  for (let left = dice.between(1, 3); left > 0; left--) {
    const pages = dice.between(1, maxPages);
    hot.push({ pages, pfn: dice.between(0, world.pfns - pages) });
  }
  return hot;
}

/** Draws what one run does, in a world of its own or in a given one. */
export function drawSwarm(dice: Dice, given?: World): Swarm {
  const world = given ?? drawWorld(dice);
  const maxPages = Math.min(dice.pick(MOST_PAGES), world.pfns, world.vpages);
  return {
    world,
    wheel: drawWheel(dice, world),
    ops: dice.between(8, 40),
    maxProcs: dice.between(1, 4),
    maxPages,
    vias: drawVias(dice, world),
    prots: dice.chance(3, 4) ? MOSTLY_RW : PROTS,
    advices: MOSTLY_DONTFORK,
    privateOf8: dice.pick(PRIVATE_OF_8),
    lateOf16: dice.pick(LATE_OF_16),
    blindOf16: dice.pick(BLIND_OF_16),
    hot: drawHot(dice, world, maxPages),
    exits: dice.chance(7, 8),
  };
}
