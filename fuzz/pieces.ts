import { type DriverCallRecord, DRIVER_MODES, PIECE_PAGES } from "../src/trace/driverop.ts";
import type { Op, Prot } from "../src/trace/op.ts";
import { MEMORY_WORDS, type Trace } from "../src/trace/trace.ts";
import type { Random } from "./random.ts";

/** Pieces of pfns, and of pages, so that there is where to move one. */
const PFNS = 3 * PIECE_PAGES;
const VPAGES = 3 * PIECE_PAGES;
const FEWEST_OPS = 4;
const MOST_OPS = 14;
const MOST_PAGES = 4;
/** Where mappings begin, beside where pieces do. */
const SHIFTS = [0, 0, 0, 0, 0, 0, 1, 8] as const;
const OFFSETS = [0, 0, 0, 0, PIECE_PAGES, 1] as const;
const FIRST_PFNS = [0, 0, 0, 0, PIECE_PAGES, 8] as const;
const PROTS: readonly Prot[] = ["rw", "r", "r", "none"];
const ADVICES = ["nohugepage", "hugepage", "random", "normal", "dontfork"] as const;
const MEMORIES = ["bar", "bar", "write-back-bar"] as const;

/** Pages that a process has from a driver, or once had. */
interface Place {
  readonly proc: number;
  readonly at: number;
  readonly pages: number;
}

const WHOLE_WINDOW: Place = { proc: 0, at: 0, pages: VPAGES };

/** One trace as it is written: what ops are about is mostly where a driver has mapped something. */
class PieceWriter {
  readonly ops: Op[] = [];
  private readonly places: Place[] = [];
  procs = 0;

  constructor(private readonly random: Random) {}

  /** A place that is known, or the window of some process. */
  private place(): Place {
    const { random, places, procs } = this;
    if (places.length > 0 && random.chance(9, 10)) return random.pick(places);
    return { ...WHOLE_WINDOW, proc: random.below(procs) };
  }

  /** A page of a place: one of its first or last, or of the first of a piece in it. */
  private pageOf({ at, pages }: Place): number {
    const { random } = this;
    const near = random.below(Math.min(MOST_PAGES, pages));
    if (random.chance(1, 3)) return at + pages - 1 - near;
    return random.chance(1, 3) ? Math.min(at + PIECE_PAGES, at + pages - 1) : at + near;
  }

  /** All of a place, or a few pages, or what a piece is long. */
  private rangeOf(place: Place): Omit<Place, "proc"> {
    const { random } = this;
    if (random.chance(1, 3)) return { at: place.at, pages: place.pages };
    const at = this.pageOf(place);
    const pages = random.chance(1, 3) ? PIECE_PAGES : random.between(1, MOST_PAGES);
    return { at, pages: Math.min(pages, VPAGES - at) };
  }

  private handler(): DriverCallRecord {
    const { random } = this;
    return {
      call: "fault-handler",
      does: random.chance(7, 8) ? "insert-pmd" : "insert",
      pfn: random.pick(FIRST_PFNS),
      mode: random.pick(DRIVER_MODES),
      ...(random.chance(1, 12) ? { ram: true } : {}),
    };
  }

  /** A driver's mapping that is filled as it is touched; now and then its first pages are there from the beginning. */
  private driverMap(): void {
    const { random, ops } = this;
    const proc = random.below(this.procs);
    const at = PIECE_PAGES * random.below(3) + random.pick(SHIFTS);
    const wanted = random.chance(5, 6)
      ? PIECE_PAGES * random.between(1, 2)
      : random.pick([MOST_PAGES, PIECE_PAGES - 1, PIECE_PAGES + 1]);
    const pages = Math.min(wanted, VPAGES - at);
    const pfn = random.below(MOST_PAGES);
    const first: DriverCallRecord = {
      call: random.chance(1, 2) ? "remap" : "remap-window",
      off: random.pick([0, pages - 1]),
      pages: 1,
      pfn,
      mode: random.pick(DRIVER_MODES),
    };
    const off = random.pick(OFFSETS);
    const isPrivate = random.chance(1, 16);
    const isBegun = !isPrivate && random.chance(1, 8);
    const calls = isBegun ? [first, this.handler()] : [this.handler()];
    ops.push({ op: "drv-mmap", proc, at, pages, off, prot: "rw", private: isPrivate, calls });
    const place = { proc, at, pages };
    this.places.push(place);
    if (random.chance(2, 3)) this.touch(place);
  }

  private touch(place: Place): void {
    const write = this.random.chance(1, 3);
    this.ops.push({ op: "touch", proc: place.proc, at: this.pageOf(place), write });
  }

  /** What reserves, or keeps, a few of the pfns: the first ones of a piece, or later ones. */
  private otherMap(): Op {
    const { random } = this;
    const proc = random.below(this.procs);
    const pages = random.between(1, MOST_PAGES);
    const pfn = PIECE_PAGES * random.below(2) + random.pick([0, 0, 1, 100]);
    const slot = random.below(2);
    const at = VPAGES - random.between(1, MOST_PAGES);
    const via = random.pick(["resource", "resource_wc", "resource_wc", "devmem"] as const);
    const kinds: readonly Op[] = [
      { op: "mmap", proc, at, pages: 1, pfn, via, prot: "rw", private: false },
      { op: "ioremap", proc, slot, mode: random.pick(["plain", "wc", "uc"]), pfn, pages },
      { op: "memremap", proc, slot, mode: random.pick(["wt", "wc", "wb"]), pfn, pages },
      { op: "iounmap", proc, slot },
      { op: "memunmap", proc, slot },
    ];
    return random.pick(kinds);
  }

  private run(place: Place): Op {
    const { random } = this;
    const window = { off: random.pick([0, 0, PIECE_PAGES]), pages: random.between(0, MOST_PAGES) };
    const how = random.pick(["remap", "remap-window"] as const);
    const call: DriverCallRecord = random.chance(1, 2)
      ? { call: "zap", ...window }
      : { call: how, ...window, pages: 1, pfn: 2, mode: random.pick(DRIVER_MODES) };
    return { op: "drv-run", proc: place.proc, at: this.pageOf(place), calls: [call] };
  }

  private move(place: Place): Op {
    const { random } = this;
    const { at, pages } = this.rangeOf(place);
    const to = Math.min(PIECE_PAGES * random.below(3) + random.pick(SHIFTS), VPAGES - pages);
    const newPages = random.chance(1, 8) ? Math.max(1, pages - 1) : pages;
    this.places.push({ proc: place.proc, at: to, pages: newPages });
    return { op: "mremap", proc: place.proc, at, pages, newPages, to };
  }

  private fork({ proc }: Place): Op {
    const child = this.procs++;
    const its = this.places.filter((place) => place.proc === proc);
    this.places.push(...its.map((place) => ({ ...place, proc: child })));
    return { op: "fork", proc, child };
  }

  /** An op that cuts, marks, empties or reads what is there, each as often as it is to be drawn. */
  private change(place: Place): Op {
    const { random } = this;
    const { proc } = place;
    const range = { proc, ...this.rangeOf(place) };
    switch (random.below(9)) {
      case 0:
        return { op: "munmap", ...range };
      case 1:
        return { op: "mprotect", ...range, prot: random.pick(PROTS) };
      case 2:
        return { op: "madvise", ...range, advice: random.pick(ADVICES) };
      case 3:
        return { op: "mseal", ...range };
      case 4:
        return this.run(place);
      case 5:
        return this.move(place);
      case 6:
        return this.fork(place);
      case 7:
        return { op: "peek", proc, at: this.pageOf(place) };
      default: {
        const pages = random.pick([1, MOST_PAGES, PIECE_PAGES]);
        return { op: "drv-zap", proc, off: random.pick([0, 2, PIECE_PAGES]), pages };
      }
    }
  }

  /** The next op, or two. */
  more(): void {
    const { random, ops } = this;
    const kind = random.below(9);
    if (kind < 2) this.driverMap();
    else if (kind < 4) ops.push(this.otherMap());
    else if (kind < 6) this.touch(this.place());
    else ops.push(this.change(this.place()));
  }
}

/** A trace of drivers that insert 2 MiB at once where they can, among whoever else maps a few of the same pages. */
export function writePieces(random: Random, name: string): Trace {
  const writer = new PieceWriter(random);
  const { ops } = writer;
  while (writer.procs < 2) ops.push({ op: "spawn", proc: writer.procs++ });
  for (let left = random.between(FEWEST_OPS, MOST_OPS); left > 0; left--) writer.more();
  for (let proc = 0; proc < writer.procs; proc++) ops.push({ op: "exit", proc });
  const world = { pfns: PFNS, vpages: VPAGES, ...MEMORY_WORDS[random.pick(MEMORIES)] };
  return { format: "pfndiff/trace@1", name, world, ops };
}
