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

/** The only worlds a campaign draws: most like the recordings, some so small that all collides. */
const WORLD = { pfns: 16, vpages: 24 } as const;
const SMALL = { least: 4, most: 8 } as const;

/** One run in so many may run out of VMAs, and so many each of its processes may have. */
const LIMITED_RUNS = 12;
const ROOM = { least: 1, most: 10 } as const;

/**
 * What device mappings hardly notice, or what leaves little to act on: one in so many runs has
 * each, once on its wheel.
 */
const RARE: readonly SyscallKind[] = ["mlock", "munlock", "mseal", "revoke"];
const RARE_RUNS = 6;

/** The most weight that a kind can get. */
interface Weighed {
  readonly kind: SyscallKind;
  readonly heaviest: number;
}

const HEAVIEST_MMAP = 6;
/** Lifecycles stay rare or there is nothing left to act on. */
const OPTIONAL: readonly Weighed[] = [
  { kind: "munmap", heaviest: 6 },
  { kind: "mremap", heaviest: 6 },
  { kind: "mprotect", heaviest: 3 },
  { kind: "madvise", heaviest: 3 },
  { kind: "touch", heaviest: 4 },
  { kind: "fork", heaviest: 3 },
  { kind: "spawn", heaviest: 1 },
  { kind: "exit", heaviest: 1 },
];

/** What a run can be about: the first so many of those. */
const FAVOURITES = 6;
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

function drawVias(dice: Dice, { mtrr }: World): readonly Via[] {
  const all = mtrr === "uncached" ? VIAS : LOW_MEMORY_VIAS;
  if (dice.chance(1, 2)) return all;
  return mtrr === "uncached" ? [dice.pick(all), dice.pick(all)] : [dice.pick(all)];
}

/** A physical range that a run comes back to, so that mappings overlap. */
interface HotRange {
  pfn: number;
  pages: number;
}

/**
 * What one run is allowed to do: its world, the op kinds it draws from with their weights, and
 * the ranges it prefers. Runs that differ in kind find more than one mixture of everything. It is
 * drawn anew for every run, so that its lists keep their room.
 */
export class Swarm {
  world: World = { ...WORLD, mtrr: "uncached" };
  ops = 0;
  maxProcs = 0;
  maxPages = 0;
  vias: readonly Via[] = VIAS;
  prots: readonly Prot[] = PROTS;
  readonly advices: readonly Advice[] = MOSTLY_DONTFORK;
  /** Of 8 mmaps, how many are private. */
  privateOf8 = 0;
  /** Of 16 forks, how many are told to fail late. */
  lateOf16 = 0;
  /** Of 16 ranges, how many are drawn without looking at what is mapped. */
  blindOf16 = 0;
  /** Ends with an exit of every live process, which makes a leak certain. */
  exits = false;
  /** Op kinds, each as often as its weight; what lies behind the last spoke is of earlier runs. */
  private readonly wheel: SyscallKind[] = [];
  private spokes = 0;
  private readonly hot = [0, 1, 2].map((): HotRange => ({ pfn: 0, pages: 1 }));
  private hotRanges = 0;

  /** Draws what one run does, in a world of its own or in a given one. */
  draw(dice: Dice, given?: World): void {
    const world = given ?? drawWorld(dice);
    this.world = world;
    this.maxPages = Math.min(dice.pick(MOST_PAGES), world.pfns, world.vpages);
    this.drawWheel(dice);
    this.ops = dice.between(8, 40);
    this.maxProcs = dice.between(1, 4);
    this.vias = drawVias(dice, world);
    this.prots = dice.chance(3, 4) ? MOSTLY_RW : PROTS;
    this.privateOf8 = dice.pick(PRIVATE_OF_8);
    this.lateOf16 = dice.pick(LATE_OF_16);
    this.blindOf16 = dice.pick(BLIND_OF_16);
    this.drawHot(dice);
    this.exits = dice.chance(7, 8);
  }

  kind(dice: Dice): SyscallKind {
    return this.wheel[dice.below(this.spokes)] as SyscallKind;
  }

  hotRange(dice: Dice): HotRange {
    return this.hot[dice.below(this.hotRanges)] as HotRange;
  }

  private drawWheel(dice: Dice): void {
    const favourite = dice.chance(1, 4) ? dice.below(FAVOURITES) : -1;
    this.spokes = 0;
    this.addToWheel("mmap", dice.between(2, HEAVIEST_MMAP), HEAVIEST_MMAP);
    for (let n = 0; n < OPTIONAL.length; n++) {
      const { kind, heaviest } = OPTIONAL[n] as Weighed;
      if (n === favourite) this.addToWheel(kind, FAVOURITE_WEIGHT, FAVOURITE_WEIGHT);
      else if (dice.chance(2, 3)) this.addToWheel(kind, dice.between(1, heaviest), heaviest);
    }
    for (const kind of RARE) {
      const applies = kind !== "revoke" || this.world.mtrr === "uncached";
      if (dice.chance(1, RARE_RUNS) && applies) this.addToWheel(kind, 1, 1);
    }
  }

  /** Always writes as many spokes as there may be: a loop of any length is guessed wrongly. */
  private addToWheel(kind: SyscallKind, weight: number, heaviest: number): void {
    const { wheel, spokes } = this;
    for (let n = 0; n < heaviest; n++) wheel[spokes + n] = kind;
    this.spokes = spokes + weight;
  }

  private drawHot(dice: Dice): void {
    this.hotRanges = dice.between(1, this.hot.length);
    for (let n = 0; n < this.hotRanges; n++) {
      const pages = dice.between(1, this.maxPages);
      const hot = this.hot[n] as HotRange;
      hot.pages = pages;
      hot.pfn = dice.between(0, this.world.pfns - pages);
    }
  }
}
