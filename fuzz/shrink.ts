import type { Trace } from "../src/trace/trace.ts";
import { callsOf, type Draft, draftOf, isSimpler, keyOf, traceOfDraft } from "./draft.ts";
import {
  equalSlots,
  fitted,
  forkToSpawn,
  lowerValues,
  mergeProcesses,
  renumbered,
  type Slot,
  slotsOf,
  virtualEdges,
  withoutCall,
  withoutDestination,
  withoutFault,
  withoutOps,
  withoutPair,
  withoutProcess,
  withoutVirtualPages,
  withValues,
} from "./simplify.ts";

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
  private draft: Draft;
  private readonly name: string;
  private readonly failed = new Set<string>();

  constructor(trace: Trace) {
    this.draft = draftOf(trace);
    this.name = trace.name;
  }

  *run(): Ask<Trace> {
    let from: Draft;
    do {
      from = this.draft;
      yield* this.dropOps();
      yield* this.dropExtras();
      yield* this.dropProcesses();
      yield* this.lowerTogether();
      yield* this.lowerSingly();
    } while (this.draft !== from);
    return this.trace();
  }

  private trace(): Trace {
    const trace = traceOfDraft(this.draft, this.name);
    if (trace === null) throw new Error("the shrinker holds an invalid trace");
    return trace;
  }

  /** Takes the candidate over if it is simpler, valid, and holds. */
  private *attempt(candidate: Draft): Ask<boolean> {
    if (!isSimpler(candidate, this.draft)) return false;
    const key = keyOf(candidate);
    if (this.failed.has(key)) return false;
    const trace = traceOfDraft(candidate, this.name);
    if (trace !== null && (yield trace)) {
      this.draft = candidate;
      return true;
    }
    this.failed.add(key);
    return false;
  }

  /** Drops ops in chunks, from the end, down to single ones and then pairs. */
  private *dropOps(): Ask<void> {
    for (let size = Math.ceil(this.count() / 2); size >= 1; size = size >> 1) {
      for (let end = this.count(); end > 0; end = Math.min(end - size, this.count())) {
        yield* this.attempt(withoutOps(this.draft, Math.max(0, end - size), end));
      }
    }
    if (this.count() > FEW_OPS) return;
    for (let j = this.count() - 1; j > 0; j--) {
      for (let i = j - 1; i >= 0; i--) {
        if (yield* this.attempt(withoutPair(this.draft, i, j))) {
          j = this.count();
          break;
        }
      }
    }
  }

  /** Drops faults, and calls of a driver. */
  private *dropExtras(): Ask<void> {
    for (let i = 0; i < this.count(); i++) {
      if (this.draft.rows[i]?.fault !== undefined) yield* this.attempt(withoutFault(this.draft, i));
      for (let c = callsOf(this.draft.rows[i]?.template).length - 1; c >= 0; c--) {
        yield* this.attempt(withoutCall(this.draft, i, c));
      }
    }
  }

  private count(): number {
    return this.draft.rows.length;
  }

  private *dropProcesses(): Ask<void> {
    yield* this.attempt(renumbered(this.draft));
    for (let gone = this.processes() - 1; gone >= 0; gone--) {
      yield* this.attempt(withoutProcess(this.draft, gone));
    }
    for (let gone = this.processes() - 1; gone > 0; gone--) {
      for (let into = 0; into < gone; into++) {
        if (yield* this.attempt(mergeProcesses(this.draft, gone, into))) break;
      }
    }
    for (let i = 0; i < this.count(); i++) {
      const row = this.draft.rows[i];
      if (row?.kind === "fork") yield* this.attempt(forkToSpawn(this.draft, i));
      if (row?.kind === "mremap" && row.values.length > 4) {
        yield* this.attempt(withoutDestination(this.draft, i));
      }
    }
    yield* this.attempt(renumbered(this.draft));
  }

  /** One more than the highest process id. */
  private processes(): number {
    return slotsOf(this.draft)
      .filter((slot) => slot.role === "proc")
      .reduce((most, slot) => Math.max(most, slot.value + 1), 0);
  }

  /** Numbers that have to move together: the world, whole columns of pages, equal values. */
  private *lowerTogether(): Ask<void> {
    yield* this.attempt(fitted(this.draft));
    yield* this.lowerWorld();
    yield* this.squeezeVirtual();
    yield* this.shiftGroups((slots) => shiftable(slots, "pfn"));
    yield* this.shiftGroups((slots) => shiftable(slots, "virtual"));
    yield* this.shiftGroups((slots) => mappedGroups(slots));
    yield* this.shiftGroups((slots) => equalSlots(slots));
    yield* this.attempt(fitted(this.draft));
  }

  private *lowerWorld(): Ask<void> {
    for (const index of [0, 1, 2, 3] as const) {
      const least = index >= 2 ? 0 : fitted(this.draft).world[index];
      for (const value of lowerValues(this.draft.world[index], least)) {
        const world = [...this.draft.world] as [number, number, number, number];
        world[index] = value;
        if (yield* this.attempt({ ...this.draft, world })) break;
      }
    }
  }

  /** Takes pages out between two edges: all of them, all but one, one. */
  private *squeezeVirtual(): Ask<void> {
    for (let i = virtualEdges(this.draft).length - 2; i >= 0; i--) {
      const edges = virtualEdges(this.draft);
      if (i + 1 >= edges.length) continue;
      const start = edges[i] as number;
      const width = (edges[i + 1] as number) - start;
      for (const count of new Set([width, width - 1, width >> 1, 1])) {
        if (count < 1) continue;
        if (yield* this.attempt(withoutVirtualPages(this.draft, start, count))) break;
      }
    }
  }

  /** Lowers all slots of a group by one distance, the largest that holds. */
  private *shiftGroups(groupsOf: (slots: readonly Slot[]) => Slot[][]): Ask<void> {
    for (let g = 0; g < groupsOf(slotsOf(this.draft)).length; g++) {
      const group = groupsOf(slotsOf(this.draft))[g] as Slot[];
      const room = group.reduce((least, s) => Math.min(least, s.value - s.least), Infinity);
      for (const rest of lowerValues(room, 0)) {
        const lower = (slot: Slot) => slot.value - (room - rest);
        if (yield* this.attempt(withValues(this.draft, group, lower))) break;
      }
    }
  }

  /** Every number by itself, then, where there are few, two at a time by one. */
  private *lowerSingly(): Ask<void> {
    for (let i = 0; i < slotsOf(this.draft).length; i++) {
      const slot = slotsOf(this.draft)[i] as Slot;
      for (const value of lowerValues(slot.value, slot.least)) {
        if (yield* this.attempt(withValues(this.draft, [slot], () => value))) break;
      }
    }
    yield* this.lowerWorld();
    const slots = slotsOf(this.draft);
    if (slots.length > FEW_NUMBERS) return;
    for (let j = 1; j < slots.length; j++) {
      for (let i = 0; i < j; i++) {
        const pair = slotsOf(this.draft).filter((_, index) => index === i || index === j);
        if (pair.some((slot) => slot.value === slot.least)) continue;
        yield* this.attempt(withValues(this.draft, pair, (slot) => slot.value - 1));
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
