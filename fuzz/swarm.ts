import { assertNever } from "../src/assertnever.ts";
import {
  OPS,
  type Prot,
  PROTS,
  SYSCALL_KINDS,
  type SyscallKind,
  REGION_VIAS,
  type RegionVia,
} from "../src/trace/op.ts";
import { ISA_PAGES } from "../src/trace/isawindow.ts";
import { isDevice, type World } from "../src/trace/trace.ts";
import type { Random } from "./random.ts";

/** The only worlds a campaign draws: most like the recordings, some so small that all collides. */
const WORLD = { pfns: 16, vpages: 24 } as const;
const SMALL = { least: 4, most: 8 } as const;
/** Room for contexts of dozens of pages. */
const LONG_WORLD = { pfns: 48, vpages: 72 } as const;
/** The usual window, with the border between two page tables (512) in its middle. */
const FAR_WORLD = { pfns: 16, vpages: 524 } as const;
const WINDOW_PAGES = WORLD.vpages;

/**
 * What most runs are not: about long mappings, about many processes that share contexts, or about a
 * window of two page tables. They cost more than usual runs, so few are drawn.
 */
type Shape = "usual" | "long" | "crowd" | "far";
const RARE: readonly Shape[] = ["long", "long", "crowd", "crowd", "far", "far"];
const RARE_OF = 64;

/** Processes of a run: alive at once, and born in all; what needs more shrinks to fewer anyway. */
const USUAL_PROCS = { least: 1, most: 4, births: 12 } as const;
const CROWD_PROCS = { least: 14, most: 26, births: 40 } as const;
const USUAL_OPS = { least: 8, most: 40 } as const;
const CROWD_OPS = { least: 40, most: 72 } as const;
/** The longest trace that is drawn, but for copies of whole mappings, and the most births. */
export const LONGEST = { ops: CROWD_OPS.most, births: CROWD_PROCS.births } as const;

/** A crowd grows by forks of what is in pieces. */
const CROWD: readonly (readonly [SyscallKind, number])[] = [
  ["fork", 7],
  ["mprotect", 3],
  ["madvise", 1],
  ["munmap", 2],
  ["mremap", 2],
  ["mmap", 1],
  ["exit", 1],
];

/** One run in so many may run out of VMAs, and so many each of its processes may have. */
const LIMITED_RUNS = 12;
const ROOM = { least: 1, most: 10 } as const;

/** How a run decides on the weight of a kind. */
interface Weighed {
  readonly kind: SyscallKind;
  readonly n: number;
  readonly of: number;
  readonly least: number;
  readonly most: number;
  readonly needsDevice: boolean;
  readonly isApart: boolean;
}

const WEIGHED: readonly Weighed[] = SYSCALL_KINDS.map((kind) => {
  const { drawn, needsDevice = false } = OPS[kind];
  const [[n, of], [least, most]] = [drawn.inRuns, drawn.weight];
  return { kind, n, of, least, most, needsDevice, isApart: drawn.apart === true };
});

/** What a run can be about, and how much weight it has then. */
const FAVOURITES = SYSCALL_KINDS.filter((kind) => OPS[kind].drawn.favourite === true);
const FAVOURITE_WEIGHT = 12;

/** Low memory has no PCI resource. */
const { ofDevice } = OPS.mmap.fields.via;
const { mostly } = OPS.mmap.fields.prot;
const LOW_MEMORY_VIAS = REGION_VIAS.filter((via) => !ofDevice.includes(via));
const MOST_PAGES = [2, 3, 4, 8] as const;
const LONG_PAGES = [10, 17, 33, 40] as const;
const PRIVATE_OF_8 = [0, 1, 2, 4, 8] as const;
const COPIES_OF_4 = [0, 0, 1, 2] as const;
const BLIND_OF_16 = [0, 1, 2, 4] as const;
/** One run in six has anonymous memory. */
const ANON_OF_8 = [...Array<number>(15).fill(0), 1, 2, 4] as const;
/** One run in so many is on kernels without PAT. */
const WITHOUT_PAT = 48;
const ABOUT_PAT = 1;
/** Of write-back worlds so many are not low memory, but a device's. */
const WRITE_BACK_BARS = { n: 1, of: 2 } as const;
const ABOUT_BARS = 2;
/** One run in so many names protection keys. */
const KEYED_RUNS = 16;
const ABOUT_KEYS = 3;
/** One low world in so many reaches into the ISA window. */
const ISA_WORLDS = 8;
const ABOUT_ISA = 4;
const ABOUT_ISA_PLACE = 5;
const ABOUT_KINDS = 100;
const ABOUT_WEIGHTS = 200;
/** Mostly it is a reservation that nobody may touch. */
export const RESERVED_PROTS: readonly Prot[] = ["none", "none", "none", "r", "rw", "rw"];
const LATE_OF_16 = [0, 0, 0, 0, 0, 0, 1, 4] as const;

function drawShape(random: Random): Shape {
  return RARE[random.below(RARE_OF)] ?? "usual";
}

function drawWorld(random: Random, shape: Shape): World {
  const mtrr = random.chance(3, 4) ? "uncached" : "write-back";
  const { n, of } = WRITE_BACK_BARS;
  const isBar = mtrr === "write-back" && random.aside(of, ABOUT_BARS) < n;
  const world: World = {
    ...drawSize(random, shape),
    mtrr,
    ...(isBar ? { region: "bar" as const } : {}),
  };
  if (!isDevice(world) && random.aside(ISA_WORLDS, ABOUT_ISA) === 0) {
    // It begins at any page of the region, or ends behind any.
    const place = random.aside(2 * world.pfns - 1, ABOUT_ISA_PLACE);
    world.isa = place < world.pfns ? place : place - world.pfns + 1 - ISA_PAGES;
  }
  if (!random.chance(1, LIMITED_RUNS)) return world;
  return { ...world, maps: random.between(ROOM.least, ROOM.most) };
}

function drawSize(random: Random, shape: Shape): Pick<World, "pfns" | "vpages"> {
  switch (shape) {
    case "long":
      return LONG_WORLD;
    case "far":
      return FAR_WORLD;
    case "crowd":
      return WORLD;
    case "usual": {
      if (random.chance(3, 4)) return WORLD;
      const pfns = random.between(SMALL.least, SMALL.most);
      return { pfns, vpages: random.between(SMALL.least, SMALL.most) };
    }
    default:
      return assertNever(shape);
  }
}

function viasIn(world: World): readonly RegionVia[] {
  if (!isDevice(world)) return LOW_MEMORY_VIAS;
  return world.pat === false ? REGION_VIAS.filter((via) => via !== "resource_wc") : REGION_VIAS;
}

function drawVias(random: Random, world: World): readonly RegionVia[] {
  const all = viasIn(world);
  if (random.chance(1, 2)) return all;
  return isDevice(world) ? [random.pick(all), random.pick(all)] : [random.pick(all)];
}

/** How many pages of anonymous memory an mmap reserves: as many as several mappings of the run take. */
export function reservedPages(random: Random, { world, base, maxPages }: Swarm): number {
  return random.between(1, Math.min(world.vpages - base, 3 * maxPages));
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
  /** The first page that ranges are drawn from. */
  base = 0;
  ops = 0;
  maxProcs = 0;
  maxBirths = 0;
  maxPages = 0;
  vias: readonly RegionVia[] = REGION_VIAS;
  /** Of 8 mmaps, how many are of anonymous memory. */
  anonOf8 = 0;
  /** Whether choices that differ in use are drawn unevenly. */
  isUneven = false;
  prots: readonly Prot[] = PROTS;
  /** Of 8 mmaps, how many are private. */
  privateOf8 = 0;
  /** Of 4 touches, how many write to every page of a VMA. */
  copiesOf4 = 0;
  /** Of 16 forks, how many are told to fail late. */
  lateOf16 = 0;
  /** Of 16 ranges, how many are drawn without looking at what is mapped. */
  blindOf16 = 0;
  /** Some of its mprotect()s name a protection key. */
  hasKeys = false;
  /** Ends with an exit of every live process, which makes a leak certain. */
  exits = false;
  /** Op kinds, each as often as its weight; what lies behind `weight` is of earlier runs. */
  private readonly weighted: SyscallKind[] = [];
  private weight = 0;
  private readonly hot = [0, 1, 2].map((): HotRange => ({ pfn: 0, pages: 1 }));
  private hotRanges = 0;

  /** Draws what one run does, in a world of its own or in a given one. */
  draw(random: Random, given?: World): void {
    const shape = given === undefined ? drawShape(random) : "usual";
    const isKeyed = random.aside(KEYED_RUNS, ABOUT_KEYS) === 0;
    const isWithoutPat = given === undefined && random.aside(WITHOUT_PAT, ABOUT_PAT) === 0;
    const drawn = given ?? drawWorld(random, shape);
    const world: World = isWithoutPat ? { ...drawn, pat: false } : drawn;
    this.world = world;
    this.base = world.vpages > FAR_WORLD.vpages - WINDOW_PAGES ? world.vpages - WINDOW_PAGES : 0;
    const pages = random.pick(shape === "long" ? LONG_PAGES : MOST_PAGES);
    this.maxPages = Math.min(pages, world.pfns, world.vpages);
    const isCrowd = shape === "crowd";
    if (isCrowd) this.weighCrowd();
    else this.drawWeights(random);
    const ops = isCrowd ? CROWD_OPS : USUAL_OPS;
    this.ops = random.between(ops.least, ops.most);
    const procs = isCrowd ? CROWD_PROCS : USUAL_PROCS;
    this.maxProcs = random.between(procs.least, procs.most);
    this.maxBirths = procs.births;
    this.vias = drawVias(random, world);
    this.anonOf8 = ANON_OF_8[random.aside(ANON_OF_8.length)] as number;
    this.isUneven = random.chance(3, 4);
    this.prots = this.isUneven ? mostly : PROTS;
    this.privateOf8 = random.pick(PRIVATE_OF_8);
    this.copiesOf4 = this.privateOf8 > 0 ? random.pick(COPIES_OF_4) : 0;
    this.lateOf16 = random.pick(LATE_OF_16);
    this.blindOf16 = random.pick(BLIND_OF_16);
    this.drawHot(random);
    this.exits = random.chance(7, 8);
    this.hasKeys = isKeyed;
  }

  kind(random: Random): SyscallKind {
    return this.weighted[random.below(this.weight)] as SyscallKind;
  }

  hotRange(random: Random): HotRange {
    return this.hot[random.below(this.hotRanges)] as HotRange;
  }

  private drawWeights(random: Random): void {
    const favourite = random.chance(1, 4) ? random.pick(FAVOURITES) : null;
    this.weight = 0;
    for (let n = 0; n < WEIGHED.length; n++) {
      const { kind, n: runs, of, least, most, needsDevice, isApart } = WEIGHED[n] as Weighed;
      if (isApart && random.aside(of, ABOUT_KINDS + n) >= runs) continue;
      if (needsDevice && !isDevice(this.world)) continue;
      if (kind === favourite) this.add(kind, FAVOURITE_WEIGHT, FAVOURITE_WEIGHT);
      else if (isApart)
        this.add(kind, least + random.aside(most - least + 1, ABOUT_WEIGHTS + n), most);
      else if (runs === of || random.chance(runs, of)) {
        this.add(kind, random.between(least, most), most);
      }
    }
  }

  private weighCrowd(): void {
    this.weight = 0;
    for (const [kind, weight] of CROWD) this.add(kind, weight, weight);
  }

  /** Always writes as many as there may be: a loop of any length is guessed wrongly. */
  private add(kind: SyscallKind, weight: number, most: number): void {
    const { weighted, weight: before } = this;
    for (let n = 0; n < most; n++) weighted[before + n] = kind;
    this.weight = before + weight;
  }

  private drawHot(random: Random): void {
    this.hotRanges = random.between(1, this.hot.length);
    for (let n = 0; n < this.hotRanges; n++) {
      const pages = random.between(1, this.maxPages);
      const hot = this.hot[n] as HotRange;
      hot.pages = pages;
      hot.pfn = random.between(0, this.world.pfns - pages);
    }
  }
}
