import { VM_DONTCOPY, VM_PRIVATE, VM_WRITE } from "../../src/mm/vmaflags.ts";
import { firstAfter, type SeenVma, vmaAt } from "../../src/oracle/observed.ts";
import type { Op, Via } from "../../src/trace/op.ts";
import type { Bounds } from "./bounds.ts";

/** Whether an op changes anything of a process that has these VMAs on one side. */
type Applies = (vmas: readonly SeenVma[]) => boolean;

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
  vmas(proc: number): readonly SeenVma[] | null;
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
  if (op.op === "spawn") return mayBear && op.proc === born;
  if (!alive.includes(op.proc)) return false;
  if (op.op === "fork") return mayBear && op.child === born;
  return sides.some((side) => {
    if (op.op === "touch" && side.isCopied(op.proc, op.at)) return false;
    const vmas = side.vmas(op.proc);
    return vmas !== null && applies(vmas);
  });
}

/** The alphabet in words, as the certificate states it. */
export const ALPHABET = [
  "spawn: where fewer processes than the bound are alive",
  "fork: where fewer processes than the bound are alive",
  "exit: of any process",
  "mmap into an empty area: at its start, every range of pfns, resource or resource_wc, shared or private, rw",
  "mmap over an area in use: all its pages from pfn 0, resource or resource_wc, shared, rw",
  "munmap: every range of an area that begins and ends on a mapped page",
  "mremap in place: every shrink of a whole VMA",
  "mremap to the start of another area: every range within one VMA",
  "mprotect to r: every proper head of a writable VMA",
  "madvise dontfork: every whole VMA that does not have it",
  "touch: a write to the first page of a private writable VMA",
] as const;

const VIAS: readonly Via[] = ["resource", "resource_wc"];

const always: Applies = () => true;

type Vmas = readonly SeenVma[];

function isWhole(vmas: Vmas, start: number, end: number): boolean {
  const vma = vmaAt(vmas, start);
  return vma?.start === start && vma.end === end;
}

function isWithin(vmas: Vmas, start: number, end: number): boolean {
  const vma = vmaAt(vmas, start);
  return vma !== null && vma.end >= end;
}

function isEmpty(vmas: Vmas, start: number, end: number): boolean {
  const vma = vmas[firstAfter(vmas, start)];
  return vma === undefined || vma.start >= end;
}

/** Whether a VMA begins at `page` and has (or lacks) these flags. */
function beginsWith(vmas: Vmas, page: number, has: number, lacks: number): boolean {
  const vma = vmaAt(vmas, page);
  if (vma?.start !== page) return false;
  return (vma.flags & has) === has && (vma.flags & lacks) === 0;
}

/** Every range [start, end) of at least one page within [0, pages). */
function rangesIn(pages: number): [start: number, end: number][] {
  const ranges: [number, number][] = [];
  for (let start = 0; start < pages; start++) {
    for (let end = start + 1; end <= pages; end++) ranges.push([start, end]);
  }
  return ranges;
}

function mapsOf(proc: number, slot: number, total: number): Letter[] {
  const flavours = VIAS.flatMap((via) => [false, true].map((isPrivate) => ({ via, isPrivate })));
  const map = (pfn: number, pages: number, via: Via, isPrivate: boolean): Op => ({
    op: "mmap",
    proc,
    at: slot,
    pages,
    pfn,
    via,
    prot: "rw",
    private: isPrivate,
  });
  const end = slot + total;
  return [
    ...rangesIn(total).flatMap(([pfn, to]) =>
      flavours.map(({ via, isPrivate }) => ({
        op: map(pfn, to - pfn, via, isPrivate),
        applies: (vmas: Vmas) => isEmpty(vmas, slot, end),
      })),
    ),
    ...VIAS.map((via) => ({
      op: map(0, total, via, false),
      applies: (vmas: Vmas) => !isEmpty(vmas, slot, end),
    })),
  ];
}

/** What may happen to [start, end) of an area, shrinks aside. */
function rangeLetters(proc: number, start: number, end: number): Letter[] {
  const pages = end - start;
  return [
    {
      op: { op: "munmap", proc, at: start, pages },
      applies: (vmas) => vmaAt(vmas, start) !== null && vmaAt(vmas, end - 1) !== null,
    },
    {
      op: { op: "mprotect", proc, at: start, pages, prot: "r" },
      applies: (vmas) =>
        beginsWith(vmas, start, VM_WRITE, 0) && (vmaAt(vmas, start) as SeenVma).end > end,
    },
    {
      op: { op: "madvise", proc, at: start, pages, advice: "dontfork" },
      applies: (vmas) => isWhole(vmas, start, end) && beginsWith(vmas, start, 0, VM_DONTCOPY),
    },
  ];
}

function shrinks(proc: number, start: number, end: number): Letter[] {
  return Array.from({ length: end - start - 1 }, (_, index) => ({
    op: { op: "mremap", proc, at: start, pages: end - start, newPages: index + 1 },
    applies: (vmas: Vmas) => isWhole(vmas, start, end),
  }));
}

function moves(proc: number, start: number, end: number, targets: readonly number[]): Letter[] {
  const pages = end - start;
  return targets.map((to) => ({
    op: { op: "mremap", proc, at: start, pages, newPages: pages, to },
    applies: (vmas: Vmas) => isWithin(vmas, start, end),
  }));
}

/** Ops of one process that bring no other to life. */
function lettersOfProc(proc: number, { slots, pages }: Bounds): Letter[] {
  const starts = Array.from({ length: slots }, (_, slot) => slot * pages);
  return starts.flatMap((slot) => [
    ...mapsOf(proc, slot, pages),
    ...rangesIn(pages).flatMap(([from, to]) => {
      const [start, end] = [slot + from, slot + to];
      const others = starts.filter((other) => other !== slot);
      return [
        ...rangeLetters(proc, start, end),
        ...shrinks(proc, start, end),
        ...moves(proc, start, end, others),
      ];
    }),
    ...Array.from({ length: pages }, (_, page) => ({
      op: { op: "touch", proc, at: slot + page, write: true } as const,
      applies: (vmas: Vmas) => beginsWith(vmas, slot + page, VM_PRIVATE | VM_WRITE, 0),
    })),
  ]);
}

/**
 * Every op that an exploration may perform. Processes are numbered by birth: a new one has the
 * lowest number that the trace has not used.
 */
export function lettersOf(bounds: Bounds): Letter[] {
  const procs = Array.from({ length: bounds.depth + 1 }, (_, proc) => proc);
  return procs.flatMap((proc): Letter[] => [
    { op: { op: "spawn", proc }, applies: always },
    { op: { op: "exit", proc }, applies: always },
    ...procs
      .filter((child) => child > proc)
      .map((child): Letter => ({ op: { op: "fork", proc, child }, applies: always })),
    ...lettersOfProc(proc, bounds),
  ]);
}
