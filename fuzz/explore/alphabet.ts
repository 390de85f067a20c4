import { VM_DONTCOPY, VM_PRIVATE, VM_WRITE } from "../../src/mm/vmaflags.ts";
import { type SeenSpace, vmaAt } from "../../src/oracle/observed.ts";
import { bornBy, type Op, type OpKind, type Via } from "../../src/trace/op.ts";
import { isDevice } from "../../src/trace/trace.ts";
import { areasOf, type Bounds, procsOf, worldOf } from "./bounds.ts";
import { beginsWith, isEmpty, isWhole, isWithin, rangesIn } from "./places.ts";

/** Whether an op changes anything of a process that has these VMAs on one side. */
type Applies = (space: SeenSpace) => boolean;

/** One op of the alphabet, with the test that says where it is tried. */
export interface Letter {
  readonly op: Op;
  readonly applies: Applies;
}

/** A side that says where a letter is tried. */
export interface TriedSide {
  isAlive(proc: number): boolean;
  /** Whether a write has copied the page. */
  isCopied(proc: number, page: number): boolean;
  space(proc: number): SeenSpace | null;
}

/** Where an exploration is: who lives, how many were ever born, and the sides. */
export interface Scene {
  /** Most processes alive at once. */
  readonly procs: number;
  readonly alive: readonly number[];
  readonly born: number;
  readonly sides: readonly TriedSide[];
}

/** Whether a letter is tried: it changes something on at least one side. */
export function isTried({ op, applies }: Letter, scene: Scene): boolean {
  const { procs, alive, born, sides } = scene;
  const mayBear = alive.length < procs;
  const child = bornBy(op);
  if (child !== op.proc && !alive.includes(op.proc)) return false;
  if (child !== null) return mayBear && child === born;
  return sides.some((side) => {
    if (op.op === "touch" && side.isCopied(op.proc, op.at)) return false;
    const space = side.space(op.proc);
    return space !== null && applies(space);
  });
}

const VIAS: readonly Via[] = ["resource", "resource_wc"];

/** The two ways where there are no two resource files: in low memory, and without PAT. */
function throughMemory({ op, applies }: Letter): Letter {
  if (op.op !== "mmap") return { op, applies };
  return { op: { ...op, via: op.via === "resource" ? "devmem" : "devmem_sync" }, applies };
}

function maps(proc: number, start: number, end: number, pfns: number): Letter[] {
  const total = end - start;
  const flavours = VIAS.flatMap((via) => [false, true].map((isPrivate) => ({ via, isPrivate })));
  const map = (pfn: number, pages: number, via: Via, isPrivate: boolean): Op => ({
    op: "mmap",
    proc,
    at: start,
    pages,
    pfn,
    via,
    prot: "rw",
    private: isPrivate,
  });
  return [
    ...rangesIn(pfns, total).flatMap(([pfn, to]) =>
      flavours.map(({ via, isPrivate }) => ({
        op: map(pfn, to - pfn, via, isPrivate),
        applies: (space: SeenSpace) => isEmpty(space, start, end),
      })),
    ),
    ...Array.from({ length: Math.max(0, pfns - total + 1) }, (_, pfn) =>
      VIAS.map((via) => ({
        op: map(pfn, total, via, false),
        applies: (space: SeenSpace) => !isEmpty(space, start, end),
      })),
    ).flat(),
  ];
}

function shrinks(proc: number, start: number, end: number): Letter[] {
  return Array.from({ length: end - start - 1 }, (_, index) => ({
    op: { op: "mremap", proc, at: start, pages: end - start, newPages: index + 1 },
    applies: (space: SeenSpace) => isWhole(space, start, end),
  }));
}

function moves(proc: number, start: number, end: number, targets: readonly number[]): Letter[] {
  const pages = end - start;
  return targets.map((to) => ({
    op: { op: "mremap", proc, at: start, pages, newPages: pages, to },
    applies: (space: SeenSpace) => isWithin(space, start, end),
  }));
}

/** What is tried of a kind of op: its letters for each of what `of` names, or nothing. */
type Explored =
  | { readonly of: "nothing"; readonly why: string }
  | ((
      | { readonly of: "process"; letters(proc: number): Letter[] }
      | { readonly of: "child"; letters(proc: number, child: number): Letter[] }
      | {
          readonly of: "area";
          letters(proc: number, start: number, end: number, pfns: number): Letter[];
        }
      | {
          readonly of: "range";
          letters(proc: number, start: number, end: number): Letter[];
        }
      | {
          readonly of: "move";
          letters(proc: number, start: number, end: number, targets: readonly number[]): Letter[];
        }
      | { readonly of: "page"; letters(proc: number, page: number): Letter[] }
    ) & {
      /** Where it is tried, as the certificate states it. */
      readonly words: readonly string[];
    });

const always = (op: Op): Letter[] => [{ op, applies: () => true }];
const HARDLY_NOTICED = { of: "nothing", why: "no design tells it from a hint" } as const;
const DRIVERS = {
  of: "nothing",
  why: "a driver does what its calls say: there is no end",
} as const;
const CLAIMS = {
  of: "nothing",
  why: "one takes every page of the world away, and refuses every mapping",
} as const;
const KERNELS = { of: "nothing", why: "the kernel's own mappings are no process's" } as const;

const EXPLORED: Readonly<Record<OpKind, Explored>> = {
  spawn: {
    of: "process",
    words: ["spawn: where fewer processes than the bound are alive"],
    letters: (proc) => always({ op: "spawn", proc }),
  },
  fork: {
    of: "child",
    words: ["fork: where fewer processes than the bound are alive"],
    letters: (proc, child) => always({ op: "fork", proc, child }),
  },
  exit: {
    of: "process",
    words: ["exit: of any process"],
    letters: (proc) => always({ op: "exit", proc }),
  },
  mmap: {
    of: "area",
    words: [
      "mmap into an empty area: at its start, every range of pfns, resource or resource_wc (devmem or devmem_sync in low memory), shared or private, rw",
      "mmap over an area in use: all its pages from pfn 0, resource or resource_wc, shared, rw",
    ],
    letters: maps,
  },
  munmap: {
    of: "range",
    words: ["munmap: every range of an area that begins and ends on a mapped page"],
    letters: (proc, start, end) => [
      {
        op: { op: "munmap", proc, at: start, pages: end - start },
        applies: (space) => vmaAt(space, start) !== null && vmaAt(space, end - 1) !== null,
      },
    ],
  },
  mremap: {
    of: "move",
    words: [
      "mremap in place: every shrink of a whole VMA",
      "mremap to the start of another area: every range within one VMA",
    ],
    letters: (proc, start, end, targets) => [
      ...shrinks(proc, start, end),
      ...moves(proc, start, end, targets),
    ],
  },
  mprotect: {
    of: "range",
    words: ["mprotect to r: every proper head of a writable VMA"],
    letters: (proc, start, end) => [
      {
        op: { op: "mprotect", proc, at: start, pages: end - start, prot: "r" },
        applies: (space) =>
          beginsWith(space, start, VM_WRITE, 0) && isWithin(space, start, end + 1),
      },
    ],
  },
  madvise: {
    of: "range",
    words: ["madvise dontfork: every whole VMA that does not have it"],
    letters: (proc, start, end) => [
      {
        op: { op: "madvise", proc, at: start, pages: end - start, advice: "dontfork" },
        applies: (space) => isWhole(space, start, end) && beginsWith(space, start, 0, VM_DONTCOPY),
      },
    ],
  },
  touch: {
    of: "page",
    words: ["touch: a write to the first page of a private writable VMA"],
    letters: (proc, page) => [
      {
        op: { op: "touch", proc, at: page, write: true },
        applies: (space) => beginsWith(space, page, VM_PRIVATE | VM_WRITE, 0),
      },
    ],
  },
  mlock: HARDLY_NOTICED,
  munlock: HARDLY_NOTICED,
  mseal: { of: "nothing", why: "it splits as mprotect does, and what it refuses changes nothing" },
  revoke: { of: "nothing", why: "one takes every page of the world away" },
  peek: { of: "nothing", why: "a read leaves nothing" },
  "drv-mmap": DRIVERS,
  "drv-run": DRIVERS,
  "drv-zap": DRIVERS,
  ioremap: KERNELS,
  iounmap: KERNELS,
  memremap: KERNELS,
  memunmap: KERNELS,
  "memremap-pages": KERNELS,
  "memunmap-pages": KERNELS,
  "reserve-memtype-wc": KERNELS,
  "free-memtype-wc": KERNELS,
  "set-memory": KERNELS,
  claim: CLAIMS,
  release: CLAIMS,
};

const ALL: readonly Explored[] = Object.values(EXPLORED);

/** The core alphabet in words, as the certificate states it. */
export function wordsOfCore({ begin, slots, pages }: Bounds): string[] {
  const core = ALL.flatMap((explored) => (explored.of === "nothing" ? [] : explored.words));
  if (begin === undefined) return core;
  const areas = `the areas are those that the beginning names, and ${slots} of ${pages} pages beside them where there is room; over an area in use from every pfn at which it fits`;
  return [...core, areas];
}

/** Ops of one process that bring no other to life, area by area. */
function lettersOfAreas(proc: number, bounds: Bounds): Letter[] {
  const areas = areasOf(bounds);
  const { pfns, vpages } = worldOf(bounds);
  return areas.flatMap(([start, end]) => {
    const pages = end - start;
    const others = areas.flatMap(([other]) => (other === start ? [] : [other]));
    return [
      ...ALL.flatMap((kind) => (kind.of === "area" ? kind.letters(proc, start, end, pfns) : [])),
      ...rangesIn(pages).flatMap(([from, to]) => [
        ...ALL.flatMap((kind) =>
          kind.of === "range" ? kind.letters(proc, start + from, start + to) : [],
        ),
        ...ALL.flatMap((kind) =>
          kind.of === "move"
            ? kind.letters(
                proc,
                start + from,
                start + to,
                others.filter((target) => target + to - from <= vpages),
              )
            : [],
        ),
      ]),
      ...Array.from({ length: pages }, (_, page) =>
        ALL.flatMap((kind) => (kind.of === "page" ? kind.letters(proc, start + page) : [])),
      ).flat(),
    ];
  });
}

/**
 * Every op that an exploration may perform. Processes are numbered by birth: a new one has the
 * lowest number that the trace has not used.
 */
export function lettersOf(bounds: Bounds): Letter[] {
  const procs = procsOf(bounds);
  const letters = procs.flatMap((proc) => [
    ...ALL.flatMap((kind) => (kind.of === "process" ? kind.letters(proc) : [])),
    ...procs
      .filter((child) => child > proc)
      .flatMap((child) =>
        ALL.flatMap((kind) => (kind.of === "child" ? kind.letters(proc, child) : [])),
      ),
    ...lettersOfAreas(proc, bounds),
  ]);
  const world = worldOf(bounds);
  return !isDevice(world) || world.pat === false ? letters.map(throughMemory) : letters;
}
