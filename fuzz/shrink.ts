import type { Trace } from "../src/trace/trace.ts";

import {
  equalSlots,
  fitted,
  forkToSpawn,
  isFork,
  lowerValues,
  mergeProcesses,
  renumbered,
  type Slot,
  slotsOf,
  unmapsInstead,
  virtualEdges,
  withoutCall,
  withoutFault,
  withoutOps,
  withoutPair,
  withoutProcess,
  withoutVirtualPages,
  withValues,
} from "./simplify.ts";
import { isSimpler, keyOf, rowsOf, type TraceRows, traceOfRows } from "./tracerows.ts";

/** Two ops, or two numbers, are tried together only in a trace this small. */
const FEW_OPS = 14;
const FEW_NUMBERS = 48;

/** Asks whether a simpler trace still holds; the answer is sent back in. */
type Ask<T> = Generator<Trace, T, boolean>;

/**
 * The search for a simpler trace as a conversation: it yields candidates and is told whether each
 * still holds, so that one search serves predicates that answer at once and those that do not.
 */
class Search {
  private rows: TraceRows;
  private readonly name: string;
  private readonly failed = new Set<string>();

  constructor(trace: Trace) {
    this.rows = rowsOf(trace);
    this.name = trace.name;
  }

  *run(): Ask<Trace> {
    let from: TraceRows;
    do {
      from = this.rows;
      yield* this.dropOps();
      yield* this.dropExtras();
      yield* this.unmapInstead();
      yield* this.dropProcesses();
      yield* this.lowerTogether();
      yield* this.lowerSingly();
    } while (this.rows !== from);
    return this.trace();
  }

  private trace(): Trace {
    const trace = traceOfRows(this.rows, this.name);
    if (trace === null) throw new Error("the shrinker holds an invalid trace");
    return trace;
  }

  /** Takes the candidate over if it is simpler, valid, and holds. */
  private *attempt(candidate: TraceRows): Ask<boolean> {
    if (!isSimpler(candidate, this.rows)) return false;
    const key = keyOf(candidate);
    if (this.failed.has(key)) return false;
    const trace = traceOfRows(candidate, this.name);
    if (trace !== null && (yield trace)) {
      this.rows = candidate;
      return true;
    }
    this.failed.add(key);
    return false;
  }

  /** Drops ops in chunks, from the end, down to single ones and then pairs. */
  private *dropOps(): Ask<void> {
    for (let size = Math.ceil(this.count() / 2); size >= 1; size = size >> 1) {
      for (let end = this.count(); end > 0; end = Math.min(end - size, this.count())) {
        yield* this.attempt(withoutOps(this.rows, Math.max(0, end - size), end));
      }
    }
    if (this.count() > FEW_OPS) return;
    for (let j = this.count() - 1; j > 0; j--) {
      for (let i = j - 1; i >= 0; i--) {
        if (yield* this.attempt(withoutPair(this.rows, i, j))) {
          j = this.count();
          break;
        }
      }
    }
  }

  /** Drops faults, and calls of a driver. */
  private *dropExtras(): Ask<void> {
    for (let i = 0; i < this.count(); i++) {
      if (this.rows.rows[i]?.fault !== undefined) yield* this.attempt(withoutFault(this.rows, i));
      for (let c = (this.rows.rows[i]?.calls.length ?? 0) - 1; c >= 0; c--) {
        yield* this.attempt(withoutCall(this.rows, i, c));
      }
    }
  }

  /** Ops that cost more to read than a munmap() that does as well. */
  private *unmapInstead(): Ask<void> {
    for (let i = this.count() - 1; i >= 0; i--) {
      for (const simpler of unmapsInstead(this.rows, i)) {
        if (yield* this.attempt(simpler)) break;
      }
    }
  }

  private count(): number {
    return this.rows.rows.length;
  }

  private *dropProcesses(): Ask<void> {
    yield* this.attempt(renumbered(this.rows));
    for (let gone = this.processes() - 1; gone >= 0; gone--) {
      yield* this.attempt(withoutProcess(this.rows, gone));
    }
    for (let gone = this.processes() - 1; gone > 0; gone--) {
      for (let into = 0; into < gone; into++) {
        if (yield* this.attempt(mergeProcesses(this.rows, gone, into))) break;
      }
    }
    for (let i = 0; i < this.count(); i++) {
      const row = this.rows.rows[i];
      if (row !== undefined && isFork(row)) yield* this.attempt(forkToSpawn(this.rows, i));
    }
    yield* this.attempt(renumbered(this.rows));
  }

  /** One more than the highest process id. */
  private processes(): number {
    return slotsOf(this.rows)
      .filter((slot) => slot.role === "proc")
      .reduce((most, slot) => Math.max(most, slot.value + 1), 0);
  }

  /** Numbers that have to move together: the world, whole columns of pages, equal values. */
  private *lowerTogether(): Ask<void> {
    yield* this.attempt(fitted(this.rows));
    yield* this.lowerWorld();
    yield* this.squeezeVirtual();
    yield* this.shiftGroups((slots) => shiftable(slots, "pfn"));
    yield* this.shiftGroups((slots) => shiftable(slots, "virtual"));
    yield* this.shiftGroups((slots) => mappedGroups(slots));
    yield* this.shiftGroups((slots) => equalSlots(slots));
    yield* this.attempt(fitted(this.rows));
  }

  private *lowerWorld(): Ask<void> {
    for (const index of [0, 1, 2, 3, 4, 5] as const) {
      const least = index >= 2 ? 0 : fitted(this.rows).world[index];
      for (const value of lowerValues(this.rows.world[index], least)) {
        const world = this.rows.world.with(index, value) as [...TraceRows["world"]];
        if (yield* this.attempt({ ...this.rows, world })) break;
      }
    }
  }

  /** Takes pages out between two edges: all of them, all but one, one. */
  private *squeezeVirtual(): Ask<void> {
    for (let i = virtualEdges(this.rows).length - 2; i >= 0; i--) {
      const edges = virtualEdges(this.rows);
      if (i + 1 >= edges.length) continue;
      const start = edges[i] as number;
      const width = (edges[i + 1] as number) - start;
      for (const count of new Set([width, width - 1, width >> 1, 1])) {
        if (count < 1) continue;
        if (yield* this.attempt(withoutVirtualPages(this.rows, start, count))) break;
      }
    }
  }

  /** Lowers all slots of a group by one distance, the largest that holds. */
  private *shiftGroups(groupsOf: (slots: readonly Slot[]) => Slot[][]): Ask<void> {
    for (let g = 0; g < groupsOf(slotsOf(this.rows)).length; g++) {
      const group = groupsOf(slotsOf(this.rows))[g] as Slot[];
      const room = group.reduce((least, s) => Math.min(least, s.value - s.least), Infinity);
      for (const rest of lowerValues(room, 0)) {
        const lower = (slot: Slot) => slot.value - (room - rest);
        if (yield* this.attempt(withValues(this.rows, group, lower))) break;
      }
    }
  }

  /** Every number by itself, then, where there are few, two at a time by one. */
  private *lowerSingly(): Ask<void> {
    for (let i = 0; i < slotsOf(this.rows).length; i++) {
      const slot = slotsOf(this.rows)[i] as Slot;
      for (const value of lowerValues(slot.value, slot.least)) {
        if (yield* this.attempt(withValues(this.rows, [slot], () => value))) break;
      }
    }
    yield* this.lowerWorld();
    const slots = slotsOf(this.rows);
    if (slots.length > FEW_NUMBERS) return;
    for (let j = 1; j < slots.length; j++) {
      for (let i = 0; i < j; i++) {
        const pair = slotsOf(this.rows).filter((_, index) => index === i || index === j);
        if (pair.some((slot) => slot.value === slot.least)) continue;
        yield* this.attempt(withValues(this.rows, pair, (slot) => slot.value - 1));
      }
    }
  }
}

/** For every value of a role, all slots at or above it: moving them keeps their distances. */
function shiftable(slots: readonly Slot[], role: Slot["role"]): Slot[][] {
  const same = slots.filter((slot) => slot.role === role);
  const values = [...new Set(same.map((slot) => slot.value))].sort((a, b) => a - b);
  return values
    .filter((value) => value > 0)
    .map((value) => same.filter((slot) => slot.value >= value));
}

/** For every virtual range that an op names, the addresses inside it: a whole VMA moves. */
function mappedGroups(slots: readonly Slot[]): Slot[][] {
  const virtual = slots.filter((slot) => slot.role === "virtual" && slot.value > 0);
  return virtual.flatMap((first) => {
    const length = slots.find((slot) => slot.row === first.row && slot.role === "length");
    const end = first.value + Math.max(1, length?.value ?? 1);
    const inside = virtual.filter((slot) => slot.value >= first.value && slot.value < end);
    return inside.length > 1 ? [inside] : [];
  });
}

/** All traces one step simpler, in the order a shrinker tries them. */
export function* simplerTraces(trace: Trace): Generator<Trace, void, undefined> {
  const search = new Search(trace).run();
  for (let next = search.next(); next.done !== true; next = search.next(false)) yield next.value;
}

/**
 * The simplest trace near this one for which `holds` is true: no op of it can be dropped and no
 * number lowered. Deterministic. Throws if it does not hold to begin with.
 */
export function shrink(trace: Trace, holds: (trace: Trace) => boolean): Trace {
  if (!holds(trace)) throw new Error("cannot shrink a trace that does not hold");
  const search = new Search(trace).run();
  let next = search.next();
  while (next.done !== true) next = search.next(holds(next.value));
  return next.value;
}

/** As shrink(), for a predicate that needs time. */
export async function shrinkLater(
  trace: Trace,
  holds: (trace: Trace) => boolean | Promise<boolean>,
): Promise<Trace> {
  if (!(await holds(trace))) throw new Error("cannot shrink a trace that does not hold");
  const search = new Search(trace).run();
  let next = search.next();
  while (next.done !== true) next = search.next(await holds(next.value));
  return next.value;
}
