import { assertNever } from "../src/assertnever.ts";
import {
  CALLS,
  type CallKind,
  DRIVER_CALLS,
  type DriverCallRecord,
} from "../src/trace/driverop.ts";
import type { Field, Values } from "../src/trace/fields.ts";
import {
  bornBy,
  endsProcess,
  OP_KINDS,
  type Op,
  type OpKind,
  OPS,
  rowOf,
} from "../src/trace/op.ts";
import type { OpRow } from "../src/trace/syscalls.ts";
import { opFault, type Trace, type World } from "../src/trace/trace.ts";
import { isApart } from "./apart.ts";
import { liveCalls, mistakenCalls, mmapCalls } from "./handlers.ts";
import type { Random } from "./random.ts";

/** Room for a memremap_pages() subsection, and for a few small mappings that meet in it. */
const ANY_WORLD: World = { pfns: 512, vpages: 16, mtrr: "uncached" };
const USUAL_WORLD: World = { pfns: 16, vpages: 16, mtrr: "uncached" };
/** One trace in so many may run out of VMAs, and so many each of its processes may have. */
const LIMITED = 12;
const ROOM = { least: 2, most: 6 } as const;
const MOST_PAGES = 6;
const MOST_CALLS = 4;
const FEWEST_OPS = 4;
const MOST_OPS = 20;
const MOST_PROCS = 4;
/** Few of each, so that mappings overlap and slots are taken. */
const PFNS = 9;
const OFFSETS = 6;
const SLOTS = 3;
const BUFFERS = 4;
/** Mostly few places, so that mappings replace each other. */
const PLACES = [0, 0, 4, 8] as const;

/** What few kernels do to a device's pages, and none while processes map them. */
const UNUSUAL: ReadonlySet<OpKind> = new Set(["memremap-pages", "memunmap-pages", "set-memory"]);

const weighted = (kinds: readonly OpKind[]): readonly OpKind[] =>
  kinds.flatMap((kind) => Array.from({ length: OPS[kind].weightBesideDrivers }, () => kind));

/** What one kind of driver's traces is drawn from. */
interface Manners {
  readonly world: World;
  readonly kinds: readonly OpKind[];
  /** Handlers are those that drivers have, and nothing maps RAM; else they make any calls. */
  readonly isUsual: boolean;
  /** Of drivers that make mistakes, too (docs/OPS.md). */
  readonly isMistaken?: true;
}

const ANY: Manners = { world: ANY_WORLD, kinds: weighted(OP_KINDS), isUsual: false };
const USUAL: Manners = {
  world: USUAL_WORLD,
  kinds: weighted(OP_KINDS.filter((kind) => !UNUSUAL.has(kind))),
  isUsual: true,
};
const MISTAKEN: Manners = { ...USUAL, isMistaken: true };
const WEIGHTED_CALLS: readonly CallKind[] = DRIVER_CALLS.flatMap((kind) =>
  Array.from({ length: CALLS[kind].weight }, () => kind),
);

/** A record that is being drawn, field by field. */
type Drawn = Record<string, Values[string]>;

/**
 * Writes traces of driver idioms: two processes, up to two more by fork, driver mappings that meet
 * each other and the kernel's own in a few pages, and the system calls that cut and move them.
 */
export class IdiomWriter {
  /** Where each live process has mappings: without it most ops would find nobody, or nothing. */
  private readonly places = new Map<number, number[]>();
  private births = 0;
  private world = ANY_WORLD;

  private constructor(
    private readonly random: Random,
    private readonly manners: Manners,
  ) {}

  /** Of handlers that make any calls at all. */
  static ofAny(random: Random): IdiomWriter {
    return new IdiomWriter(random, ANY);
  }

  /** Of handlers as drivers have them. */
  static ofUsual(random: Random): IdiomWriter {
    return new IdiomWriter(random, USUAL);
  }

  /** Of drivers that make mistakes. */
  static ofMistaken(random: Random): IdiomWriter {
    return new IdiomWriter(random, MISTAKEN);
  }

  /** Writes the next trace; it is valid, and all processes exit at its end. */
  write(name: string): Trace {
    const { random, manners } = this;
    this.places.clear();
    this.births = 0;
    const isLimited = random.chance(1, LIMITED);
    const maps = random.between(ROOM.least, ROOM.most);
    this.world = isLimited ? { ...manners.world, maps } : manners.world;
    const ops: Op[] = [];
    for (let proc = 0; proc < 2; proc++) this.add({ op: "spawn", proc }, ops);
    for (
      let left = random.between(FEWEST_OPS, MOST_OPS);
      left > 0 && this.places.size > 0;
      left--
    ) {
      this.add(this.op(random.pick(manners.kinds)), ops);
    }
    for (const proc of this.places.keys()) ops.push({ op: "exit", proc });
    return { format: "pfndiff/trace@1", name, world: this.world, ops };
  }

  /** Takes an op up unless it cannot stand in the world, and keeps in mind what it has brought. */
  private add(op: Op, ops: Op[]): void {
    const born = bornBy(op);
    if (born === MOST_PROCS || opFault(op, this.world) !== null) return;
    ops.push(op);
    const starts = this.places.get(op.proc);
    if (born !== null) {
      this.births++;
      this.places.set(born, [...(starts ?? [])]);
    } else if (endsProcess(op)) this.places.delete(op.proc);
    else if (op.op === "mremap" && op.to !== undefined) starts?.push(op.to);
    else if (OPS[op.op].vmas === "map" && "at" in op) starts?.push(op.at);
  }

  private op(kind: OpKind): Op {
    const row = rowOf(kind);
    const op: Drawn = { op: kind };
    for (const [name, field] of Object.entries(row.fields)) {
      if ((name === "ram" && this.manners.isUsual) || isApart(field)) continue;
      const value = this.opValue(name, field, row, op);
      if (value !== undefined) op[name] = value;
    }
    return (this.manners.isMistaken === true ? this.withFlags(op) : op) as Op;
  }

  /** Half of the mappings are not VM_PFNMAP from the start; then they are shared. */
  private withFlags(op: Drawn): Drawn {
    const { random } = this;
    if (op["op"] !== "drv-mmap" || random.chance(1, 2)) return op;
    return { ...op, private: false, flags: random.pick(["io", "io", "mixed"]) };
  }

  /** What a field of an op says, after those before it. */
  private opValue(name: string, field: Field, row: OpRow, op: Drawn): Values[string] {
    const { random } = this;
    switch (field.role) {
      case "proc":
        return this.proc(row);
      case "born":
        return this.births;
      case "virtual":
        return name === "at" ? this.place(row, op["proc"]) : this.anywhere();
      case "length":
        // Of one op all lengths are alike: a move keeps the size of what it moves.
        return row.granule ?? op["pages"] ?? random.between(1, MOST_PAGES);
      case "pfn":
        return row.granule === undefined ? random.below(PFNS) : 0;
      case "offset":
        return row.vmas === "map" ? 0 : random.below(OFFSETS);
      case "calls":
        return this.manners.isUsual ? this.usualCalls(op) : this.calls(row.vmas !== "map");
      case "rest":
      case "slot":
      case "buffer":
      case "choice":
      case "flag":
      case "region":
        return this.value(field);
      default:
        return assertNever(field);
    }
  }

  /** What does not depend on where it is said. */
  private value(field: Field): Values[string] {
    const { random } = this;
    switch (field.role) {
      case "choice":
        return random.pick(field.mostly);
      case "flag": {
        const isSet = random.chance(field.drawn[0], field.drawn[1]);
        return isSet || !field.optional ? isSet : undefined;
      }
      case "slot":
        return random.below(SLOTS);
      case "buffer":
        return random.below(BUFFERS);
      case "pfn":
        return random.below(PFNS);
      case "offset":
      case "rest":
        return random.below(MOST_CALLS);
      case "proc":
      case "born":
      case "virtual":
      case "length":
      case "calls":
      case "region":
        throw new Error(`no ${field.role} is drawn here`);
      default:
        return assertNever(field);
    }
  }

  /** A live process; one that has mappings for what acts on them. */
  private proc({ spans, vmas }: OpRow): number {
    const alive = [...this.places.keys()];
    const acts = spans.some(({ start }) => start === "at") && vmas !== "map";
    const owners = acts ? alive.filter((proc) => this.places.get(proc)?.length !== 0) : alive;
    return this.random.pick(owners.length > 0 ? owners : alive);
  }

  private anywhere(): number {
    const { random } = this;
    return random.chance(4, 5)
      ? random.pick(PLACES)
      : random.between(0, this.world.vpages - MOST_PAGES);
  }

  /** Anywhere for a new mapping; what acts on one mostly finds one, or a page of it. */
  private place({ vmas, fields }: OpRow, proc: Values[string]): number {
    const { random } = this;
    const starts = (typeof proc === "number" && this.places.get(proc)) || [];
    if (vmas === "map" || random.chance(1, 1 + starts.length)) return this.anywhere();
    return random.pick(starts) + ("calls" in fields ? 0 : random.below(4));
  }

  /** What a driver does when it is mapped, or in an ioctl on a VMA that is there. */
  private usualCalls({ op, pages, private: copies }: Drawn): DriverCallRecord[] {
    const { random } = this;
    const place = { pages: typeof pages === "number" ? pages : 4, isPrivate: copies === true };
    const isMistaken = this.manners.isMistaken === true && random.chance(3, 4);
    if (isMistaken)
      return [...mistakenCalls(random, { ...place, pages: op === "drv-mmap" ? place.pages : 1 })];
    return [...(op === "drv-mmap" ? mmapCalls : liveCalls)(random, place)];
  }

  /** What a handler does; on a VMA that is there it may empty it first and fill it anew. */
  private calls(isLive: boolean): DriverCallRecord[] {
    const { random } = this;
    if (isLive && random.chance(1, 2)) return [{ call: "zap", off: 0, pages: 0 }, this.whole()];
    const way = random.below(5);
    if (way >= 3) return [this.whole()];
    if (way === 2) return this.filled();
    const count = random.between(1, MOST_CALLS);
    return Array.from({ length: count }, () => this.call(random.pick(WEIGHTED_CALLS)));
  }

  private whole(): DriverCallRecord {
    return { ...this.call("remap"), off: 0, pages: 0 } as DriverCallRecord;
  }

  /** A VMA filled piece by piece, each piece beside the one before: buffers of a ring, say. */
  private filled(): DriverCallRecord[] {
    const { random } = this;
    const kind = random.pick(["remap", "remap-window"] as const);
    const pages = random.between(1, 2);
    return Array.from({ length: random.between(2, MOST_CALLS) }, (_, n) => {
      return { ...this.call(kind), off: n * pages, pages } as DriverCallRecord;
    });
  }

  /** A call by itself; most windows are the whole VMA, which 0 pages from its start are. */
  private call(kind: CallKind): DriverCallRecord {
    const call: Drawn = { call: kind };
    const isWhole = this.random.chance(2, 3);
    for (const [name, field] of Object.entries<Field>(CALLS[kind].fields)) {
      if (isApart(field)) continue;
      const isWindow = field.role === "offset" || field.role === "rest";
      const value = isWindow && isWhole ? 0 : this.value(field);
      if (value !== undefined) call[name] = value;
    }
    return call as DriverCallRecord;
  }
}
