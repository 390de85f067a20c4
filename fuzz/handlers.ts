import { DRIVER_MODES, type DriverCallRecord, type DriverMode } from "../src/trace/driverop.ts";
import type { Random } from "./random.ts";

const PFNS = 9;
const BUFFERS = 4;
const MOST_PIECES = 3;
const WHOLE = { off: 0, pages: 0 } as const;
const ZAP: DriverCallRecord = { call: "zap", ...WHOLE };

/** What a handler is written for. */
interface Place {
  /** Pages of the VMA. */
  readonly pages: number;
  readonly isPrivate: boolean;
}

type Handler = (random: Random, place: Place) => readonly DriverCallRecord[];

/** Where a call maps, and in which mode: of a few pfns, so that mappings meet. */
function target(random: Random): { readonly pfn: number; readonly mode: DriverMode } {
  return { pfn: random.below(PFNS), mode: random.pick(DRIVER_MODES) };
}

const whole: Handler = (random) => [{ call: "remap", ...WHOLE, ...target(random) }];

/** A VMA that is filled in pieces, one behind the other; a rest may be left out. */
const pieces: Handler = (random, { pages }) => {
  const { pfn, mode } = target(random);
  const calls: DriverCallRecord[] = [];
  for (let off = 0; off < pages && calls.length < MOST_PIECES; ) {
    const length = Math.min(pages - off, random.between(1, 2));
    calls.push({ call: "remap", off, pages: length, pfn: pfn + off, mode });
    off += length;
  }
  // A piece of the whole VMA would be a whole one.
  return calls.length > 1 ? calls : whole(random, { pages, isPrivate: false });
};

const failing: Handler = (random, place) => [
  ...whole(random, place),
  { call: "fail", errno: "EIO" },
];

const onFault: Handler = (random, place) =>
  place.isPrivate
    ? whole(random, place)
    : [{ call: "fault-handler", does: "insert", ...target(random) }];

/** Mapped at once, and by the page after a zap (vfio). */
const onRefault: Handler = (random, place) => {
  if (place.isPrivate) return whole(random, place);
  const { pfn, mode } = target(random);
  return [
    { call: "remap", ...WHOLE, pfn, mode },
    { call: "fault-handler", does: "insert", pfn, mode },
  ];
};

const dma: Handler = (random) => [{ call: "dma", buffer: random.below(BUFFERS) }];

/** The same of RAM, now and then. */
function anyTarget(random: Random) {
  return { ...target(random), ...(random.chance(1, 3) ? { ram: true } : {}) };
}

/** A mapping through a copy of the VMA, of all of it or of a part. */
const copied: Handler = (random, { pages }) => {
  const off = random.chance(1, 3) ? random.below(pages) : 0;
  return [{ call: "remap-copy", off, pages: 0, ...anyTarget(random) }];
};

/** A buffer that is longer than what was mapped. */
const past: Handler = (random) => [
  { call: "remap", ...WHOLE, ...anyTarget(random), past: random.between(1, 3) },
];

const insertion = (random: Random): DriverCallRecord => {
  return {
    call: "insert-page",
    ...WHOLE,
    pages: random.below(3),
    pfn: random.below(PFNS),
    ram: true,
  };
};

/** Pages of the kernel's own memory, and what does not go with them. */
const mixed: Handler = (random, place) => {
  const { pfn, mode } = target(random);
  const isOfRam = random.chance(1, 2) ? { ram: true } : {};
  const more: readonly DriverCallRecord[][] = [
    [],
    [{ call: "fault-handler", does: "insert", pfn, mode, ...isOfRam }],
    [...whole(random, place)],
    [ZAP],
  ];
  return [insertion(random), ...random.pick(more)];
};

const MISTAKEN: readonly Handler[] = [copied, copied, past, past, mixed, whole, onFault, () => []];

/** The calls of a mmap handler that makes a mistake, or of one beside it. */
export const mistakenCalls: Handler = (random, place) => random.pick(MISTAKEN)(random, place);

/** What drivers do in their mmap handlers, each as often as it is to be drawn. */
const MMAP: readonly Handler[] = [
  whole,
  whole,
  whole,
  whole,
  pieces,
  pieces,
  failing,
  onFault,
  onRefault,
  dma,
];
/** What they do to a VMA that is there: it is emptied, and filled anew or left to faults. */
const LIVE: readonly Handler[] = [
  () => [ZAP],
  (random, place) => [ZAP, ...whole(random, place)],
  (random, place) => [ZAP, ...pieces(random, place)],
];

/** The calls of a mmap handler as drivers have them. */
export const mmapCalls: Handler = (random, place) => random.pick(MMAP)(random, place);

/** The calls of an ioctl on a VMA of so many pages. */
export const liveCalls: Handler = (random, place) => random.pick(LIVE)(random, place);
