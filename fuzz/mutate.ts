import { assertNever } from "../src/assertnever.ts";
import { aliveAfter } from "../src/trace/closed.ts";
import { bornBy, endsProcess, LIMITS, type Op, rowOf } from "../src/trace/op.ts";
import type { Values } from "../src/trace/fields.ts";
import { opFault, type Trace, type World } from "../src/trace/trace.ts";
import { TraceExtender } from "./extend.ts";
import type { Random } from "./random.ts";
import { type Slot, slotsOf, slotsOfRow, withValues } from "./simplify.ts";
import { LONGEST } from "./swarm.ts";
import { type Row, rowsOf, traceOfRows } from "./tracerows.ts";

/** What can be done to a trace. */
export const MUTATIONS = [
  "extend",
  "insert",
  "splice",
  "join",
  "delete",
  "number",
  "repeat",
] as const;

export type Mutation = (typeof MUTATIONS)[number];

/** Those that lead to faults fastest, each as often as it is to be drawn: see docs/GUIDANCE.md. */
export const GAINFUL: readonly Mutation[] = ["extend", "extend", "insert"];

const MOST_AT_ONCE = 3;
const MOST_REPEATED = 4;
const MOST_EXTENDED = 8;

/**
 * Ops that make a valid trace of this world, as near to the given ones as can be: those that
 * cannot stand in it are left out, processes are named in order of their first op, no process is
 * born twice, and what was never born does nothing.
 */
export function mend(world: World, ops: readonly Op[]): Op[] {
  const names = new Map<number, number>();
  const mended: Op[] = [];
  for (const op of ops) {
    // A mutant is never longer than a long drawn trace, and has no more processes.
    if (mended.length === LONGEST.ops) break;
    const born = bornBy(op);
    const acts = born === op.proc || names.has(op.proc);
    const full = born !== null && (names.has(born) || names.size === LONGEST.births);
    if (!acts || full || opFault(op, world) !== null) continue;
    if (born !== null) names.set(born, names.size);
    mended.push(renamed(op, (proc) => names.get(proc) ?? proc));
  }
  return mended;
}

function renamed(op: Op, name: (proc: number) => number): Op {
  const names = Object.entries(rowOf(op.op).fields).flatMap(([field, { role }]) => {
    const values: Values = op;
    const value = values[field];
    const isProc = (role === "proc" || role === "born") && typeof value === "number";
    return isProc ? [[field, name(value)] as const] : [];
  });
  return { ...op, ...Object.fromEntries(names) } as Op;
}

/** The ops with an exit of every process that may be alive after them: it makes a leak certain. */
export function withExits(ops: readonly Op[]): Op[] {
  return [...ops, ...[...aliveAfter(ops)].map((proc): Op => ({ op: "exit", proc }))];
}

/** The ops without the exits at their end. */
export function withoutExits(ops: readonly Op[]): readonly Op[] {
  const last = ops.findLastIndex((op) => !endsProcess(op));
  return ops.slice(0, last + 1);
}

/** A trace made of a trace, and of parts of another; it is valid and all its processes exit. */
export function mutate(
  random: Random,
  { format, world, ops }: Trace,
  other: Trace,
  mutations: readonly Mutation[],
): Trace {
  let mutant = mend(world, withoutExits(ops));
  for (let left = random.chance(1, 2) ? 1 : random.between(1, MOST_AT_ONCE); left > 0; left--) {
    const mutation = mutant.length === 0 ? "extend" : random.pick(mutations);
    mutant = mend(world, mutateOnce(mutation, random, world, mutant, withoutExits(other.ops)));
  }
  return { format, name: "", world, ops: withExits(mutant) };
}

function mutateOnce(
  mutation: Mutation,
  random: Random,
  world: World,
  ops: readonly Op[],
  other: readonly Op[],
): readonly Op[] {
  switch (mutation) {
    case "extend":
      return [
        ...ops,
        ...new TraceExtender(random, world, ops).more(random.between(1, MOST_EXTENDED)),
      ];
    case "insert":
      return insert(random, world, ops);
    case "splice":
      return [...ops.slice(0, random.between(1, ops.length)), ...tailOf(random, other)];
    case "join":
      return [...ops, ...apart(ops, other)];
    case "delete": {
      const at = random.below(ops.length);
      return ops.toSpliced(at, random.between(1, MOST_AT_ONCE));
    }
    case "number":
      return changeNumber(random, world, ops);
    case "repeat":
      return repeat(random, ops);
    default:
      return assertNever(mutation);
  }
}

/** Puts new ops, written for the state there, between those that there are. */
function insert(random: Random, world: World, ops: readonly Op[]): readonly Op[] {
  const at = random.between(1, ops.length);
  const more = new TraceExtender(random, world, ops.slice(0, at)).more(
    random.between(1, MOST_AT_ONCE),
  );
  return [...ops.slice(0, at), ...more, ...ops.slice(at)];
}

function tailOf(random: Random, ops: readonly Op[]): readonly Op[] {
  return ops.length === 0 ? [] : ops.slice(random.below(ops.length));
}

/** Another trace's ops with processes of their own: the two meet in physical memory only. */
function apart(ops: readonly Op[], other: readonly Op[]): Op[] {
  const first = 1 + Math.max(...ops.map((op) => bornBy(op) ?? op.proc));
  return other.map((op) => renamed(op, (proc) => Math.min(proc + first, LIMITS.procs - 1)));
}

/** Does some ops again later, in any of the processes. */
function repeat(random: Random, ops: readonly Op[]): readonly Op[] {
  const at = random.below(ops.length);
  const end = Math.min(ops.length, at + random.between(1, MOST_REPEATED));
  const proc = random.pick(ops).proc;
  const again = ops.slice(at, end).filter((op) => bornBy(op) === null);
  const to = random.between(end, ops.length);
  return ops.toSpliced(to, 0, ...again.map((op) => ({ ...op, proc })));
}

/** Changes one number of one op: by one, to another of its role in the trace, or another choice. */
function changeNumber(random: Random, world: World, ops: readonly Op[]): readonly Op[] {
  const trace = rowsOf({ world, ops: [...ops] });
  const row = random.below(trace.rows.length);
  const slot = random.pick(slotsOfRow(trace.rows[row] as Row, row));
  const value = newValue(random, slotsOf(trace), slot);
  return (
    traceOfRows(
      withValues(trace, [slot], () => value),
      "",
    )?.ops ?? ops
  );
}

function newValue(random: Random, slots: readonly Slot[], { role, value, most }: Slot): number {
  if (role === "choice") return random.between(0, most);
  if (random.chance(1, 2)) return random.chance(1, 2) ? value + 1 : value - 1;
  return random.pick(slots.filter((slot) => slot.role === role)).value;
}
