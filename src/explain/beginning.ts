import { PAGE_BYTES } from "../../kernel/parse/memtype.ts";
import type { Bytes } from "../../kernel/parse/message.ts";
import type { ModelBackend } from "../model/backend.ts";
import type { CacheMode } from "../pat/cachemode.ts";
import { type LoggedOp, renumbered } from "../strace/renumber.ts";
import { DRIVER_LIMITS } from "../trace/fields.ts";
import { LIMITS, type Via } from "../trace/op.ts";
import type { Memtype } from "../trace/recording.ts";
import type { Trace } from "../trace/trace.ts";
import type { Excerpt, MapLine } from "./excerpt.ts";
import { physicalOf } from "./state.ts";

/** A machine's state as a trace that leads to it, and what of the state it does not have. */
export interface Beginning {
  readonly trace: Trace;
  readonly left: readonly string[];
}

/** Free virtual pages beside the mappings, so that there is room to go on. */
const ROOM = 8;

/** A mapping of the machine, in pages, and how it was made. */
interface Mapped {
  readonly text: string;
  readonly proc: number;
  readonly at: number;
  readonly pages: number;
  readonly pfn: number;
  readonly via: Via;
  readonly asks: CacheMode;
  readonly line: MapLine;
}

/** A reservation of the machine, in pages. */
interface Reserved extends Memtype {
  readonly text: string;
}

const hex = ({ start, end }: Bytes) => `0x${start.toString(16)}-0x${end.toString(16)}`;

/** How a file is mapped, and what that asks for; of /dev/mem the list tells how it was opened. */
function wayOf({ path }: MapLine, there: readonly Memtype[]): [via: Via, asks: CacheMode] {
  if (/resource\d+_wc$/.test(path)) return ["resource_wc", "write-combining"];
  if (path !== "/dev/mem") return ["resource", "uncached-minus"];
  const isBack = there.length > 0 && there.every(({ type }) => type === "write-back");
  return isBack ? ["devmem", "write-back"] : ["devmem_sync", "uncached-minus"];
}

/**
 * The kernel's own mapping that holds such a reservation, or null where the trace's region cannot have
 * one: it is uncached by its MTRR, where nothing is write-back.
 */
function holderOf({ type, start, end }: Reserved, slot: number): LoggedOp | null {
  const range = { proc: 0, pfn: start, pages: end - start };
  switch (type) {
    case "uncached-minus":
      return { op: "ioremap", ...range, slot, mode: "plain" };
    case "uncached":
      return { op: "ioremap", ...range, slot, mode: "uc" };
    case "write-combining":
      return { op: "ioremap", ...range, slot, mode: "wc" };
    case "write-through":
      return { op: "memremap", ...range, slot, mode: "wt" };
    default:
      return null;
  }
}

const NOT_HERE = "an uncached region has no such reservation";
const TOO_MANY = `the kernel of a trace has ${DRIVER_LIMITS.slots} mappings of its own, and these are the farthest from what is mapped`;

/** Puts ops together that lead to the state, and notes what cannot be had. */
class Builder {
  readonly left: string[] = [];
  /** The reservations that the ops stand for; null where no list says. */
  readonly held: Reserved[] | null;
  private readonly ops: LoggedOp[] = [];
  /** Reservations that the trace's kernel does not hold, by the reason. */
  private readonly unheld = new Map<string, string[]>();
  /** Mappings that got another mode than they ask for: they come when that mode is there. */
  private readonly late: LoggedOp[] = [];
  private slots = 0;

  constructor(
    private readonly list: Reserved[] | null,
    private readonly mapped: readonly Mapped[],
  ) {
    this.held = list === null ? null : [...list];
  }

  build(): LoggedOp[] {
    const procs = new Set([0, ...this.mapped.map(({ proc }) => proc)]);
    for (const proc of procs) this.ops.push({ op: "spawn", proc });
    const free = new Set(this.list ?? []);
    const own = this.mapped.map((map) => [map, this.ownOf(map, free)] as const);
    // Whoever nobody's reservation belongs to was there first: later ones may have its mode.
    const kept = this.keepable(free);
    for (const entry of free) {
      if (kept.has(entry)) this.hold(entry);
      else this.leave(entry, holderOf(entry, 0) === null ? NOT_HERE : TOO_MANY);
    }
    for (const [map, entry] of own) this.map(map, entry);
    for (const [why, [first = "", ...others]] of this.unheld) {
      const more = others.length === 0 ? "" : ` and ${others.length} more`;
      this.left.push(`${first}${more}: ${why}`);
    }
    return [...this.ops, ...this.late];
  }

  /** The reservation of a mapping: of the same pages, or of the pages it had before its ends went. */
  private ownOf({ pfn, pages, asks }: Mapped, free: Set<Reserved>): Reserved | null {
    const end = pfn + pages;
    const all = [...free];
    const found =
      all.find((one) => one.start === pfn && one.end === end && one.type === asks) ??
      all.find((one) => one.start === pfn && one.end === end) ??
      all.find((one) => one.start <= pfn && end <= one.end && one.type === asks);
    if (found === undefined) return null;
    free.delete(found);
    return found;
  }

  /** Those that the kernel of a trace can hold; where they are too many, the nearest to a mapping. */
  private keepable(free: ReadonlySet<Reserved>): ReadonlySet<Reserved> {
    const distance = ({ start, end }: Reserved) =>
      Math.min(...this.mapped.map(({ pfn, pages }) => Math.max(0, start - pfn - pages, pfn - end)));
    const all = [...free].filter((entry) => holderOf(entry, 0) !== null);
    const near = all.map((entry) => ({ entry, at: distance(entry) }));
    near.sort((a, b) => a.at - b.at);
    return new Set(near.slice(0, DRIVER_LIMITS.slots).map(({ entry }) => entry));
  }

  private hold(entry: Reserved): void {
    const op = this.slots < DRIVER_LIMITS.slots ? holderOf(entry, this.slots) : null;
    if (op === null) return this.leave(entry, TOO_MANY);
    this.slots++;
    this.ops.push(op);
  }

  private leave(entry: Reserved, why: string): void {
    this.unheld.set(why, [...(this.unheld.get(why) ?? []), entry.text]);
    this.held?.splice(this.held.indexOf(entry), 1);
  }

  private map(map: Mapped, entry: Reserved | null): void {
    const { proc, at, pages, pfn, via, line, text } = map;
    if (entry === null && this.list !== null) {
      this.left.push(`${text}: has no reservation of its own in the list`);
      return;
    }
    const [before, after] = entry === null ? [0, 0] : [pfn - entry.start, entry.end - pfn - pages];
    const [start, end] = [at - before, at + pages + after];
    const isTaken = this.mapped.some(
      (other) =>
        other !== map && other.proc === proc && other.at < end && start < other.at + other.pages,
    );
    if (start < 0 || (before + after > 0 && isTaken)) {
      this.left.push(`${text}: what it had beside it before lies where something else is mapped`);
      if (entry !== null) this.hold(entry);
      return;
    }
    const mmap = { op: "mmap", proc, at: start, pages: end - start, pfn: pfn - before } as const;
    const prot = line.prot;
    const into = entry === null || entry.type === map.asks ? this.ops : this.late;
    into.push({ ...mmap, via, prot, private: line.private });
    if (before > 0) into.push({ op: "munmap", proc, at: start, pages: before });
    if (after > 0) into.push({ op: "munmap", proc, at: at + pages, pages: after });
  }
}

/** Device mappings whose offset tells what they map, in pages; others are noted. */
function mappedOf({ maps, list }: Excerpt, left: string[]): Mapped[] {
  const owners: string[] = [];
  return maps.flatMap((line): Mapped[] => {
    const physical = physicalOf(line);
    if (!line.path.startsWith("/dev/") && physical === null) return [];
    const text = `process ${line.owner}, ${hex(line)} ${line.path}`;
    if (physical === null) {
      // Most files in /dev are no device memory at all, and shared memory is none.
      if (!/^\/dev\/(?:shm|zero|null|hugepages)\b/.test(line.path)) {
        left.push(`${text}: its offset does not tell which pages it maps`);
      }
      return [];
    }
    if (!owners.includes(line.owner)) owners.push(line.owner);
    const there = (list ?? []).filter(
      (one) => one.start < physical.end && physical.start < one.end,
    );
    const [via, asks] = wayOf(line, there);
    const [at, pfn] = [line.start / PAGE_BYTES, physical.start / PAGE_BYTES];
    const pages = (line.end - line.start) / PAGE_BYTES;
    return [{ text, proc: owners.indexOf(line.owner), at, pages, pfn, via, asks, line }];
  });
}

/** Reservations by the order of their ends alone: pages are renumbered, their order is not. */
function shapeOf(list: readonly Memtype[]): string {
  const ends = [...new Set(list.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b);
  const shown = list.map(
    ({ start, end, type }) => `${ends.indexOf(start)} ${ends.indexOf(end)} ${type}`,
  );
  return shown.sort().join("; ");
}

/**
 * A trace that leads to the state of a machine: who maps is a process, what nobody maps the kernel holds.
 * Pages are renumbered so that order and adjacency stay; what the model makes of it is compared with
 * the list, and a difference is told, since then it begins from another state.
 */
export function beginningOf(excerpt: Excerpt, name: string, model: ModelBackend): Beginning {
  const left: string[] = [];
  const mapped = mappedOf(excerpt, left);
  const list =
    excerpt.list?.map(({ start, end, type }) => ({
      start: start / PAGE_BYTES,
      end: end / PAGE_BYTES,
      type,
      text: `${type} ${hex({ start, end })}`,
    })) ?? null;
  const builder = new Builder(list, mapped);
  const { world, ...rest } = renumbered(name, { low: null, other: "bar" }, builder.build());
  const vpages = Math.min(LIMITS.vpages, world.vpages + ROOM);
  const trace: Trace = { ...rest, world: { ...world, vpages } };
  left.push(...builder.left);
  return { trace, left: [...left, ...faultsOf(trace, model, builder.held)] };
}

/** How what a model makes of the ops differs from what they stand for. */
function faultsOf(
  trace: Trace,
  model: ModelBackend,
  held: readonly Memtype[] | null,
): readonly string[] {
  const { steps } = model.recordSync(trace);
  const refused = steps.flatMap(({ result }, at) =>
    "ok" in result ? [] : [`${model.id}: op ${at} of the trace is ${result.errno}`],
  );
  const made = steps.at(-1)?.memtype ?? [];
  if (refused.length > 0 || held === null || shapeOf(made) === shapeOf(held)) return refused;
  return [`${model.id}: its list differs from the machine's after these ops`];
}
