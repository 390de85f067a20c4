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
