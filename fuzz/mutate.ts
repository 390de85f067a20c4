import { assertNever } from "../src/assertnever.ts";
import { LIMITS, type Op, ADVICES, PROTS, VIAS } from "../src/trace/op.ts";
import { bornBy, opFault, type Trace, type World } from "../src/trace/trace.ts";
import type { Dice } from "./dice.ts";
import { draftOf, leastOf, type Role, ROLES, type Row, traceOfDraft } from "./draft.ts";
import { TraceExtender } from "./extend.ts";

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

/** A mutant is never longer than a long drawn trace, and has no more processes. */
const MOST_OPS = 48;
const MOST_BIRTHS = 12;
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
    if (mended.length === MOST_OPS) break;
    const born = bornBy(op);
    const acts = op.op === "spawn" || names.has(op.proc);
    const full = born !== null && (names.has(born) || names.size === MOST_BIRTHS);
    if (!acts || full || opFault(op, world) !== null) continue;
    if (born !== null) names.set(born, names.size);
    mended.push(renamed(op, (proc) => names.get(proc) ?? proc));
  }
  return mended;
}

function renamed(op: Op, name: (proc: number) => number): Op {
  const proc = name(op.proc);
  if (op.op === "fork") return { ...op, proc, child: name(op.child) };
  return proc === op.proc ? op : { ...op, proc };
}

/** The ops with an exit of every process that may be alive after them: it makes a leak certain. */
export function withExits(ops: readonly Op[]): Op[] {
  const alive = new Set<number>();
  for (const op of ops) {
    const born = bornBy(op);
    if (born !== null) alive.add(born);
    if (op.op === "exit") alive.delete(op.proc);
  }
  return [...ops, ...[...alive].map((proc): Op => ({ op: "exit", proc }))];
}

/** The ops without the exits at their end. */
export function withoutExits(ops: readonly Op[]): readonly Op[] {
  const last = ops.findLastIndex(({ op }) => op !== "exit");
  return ops.slice(0, last + 1);
}

/** A trace made of a trace, and of parts of another; it is valid and all its processes exit. */
export function mutate(
  dice: Dice,
  { format, world, ops }: Trace,
  other: Trace,
  mutations: readonly Mutation[],
): Trace {
  let mutant = mend(world, withoutExits(ops));
  for (let left = dice.chance(1, 2) ? 1 : dice.between(1, MOST_AT_ONCE); left > 0; left--) {
    const mutation = mutant.length === 0 ? "extend" : dice.pick(mutations);
    mutant = mend(world, mutateOnce(mutation, dice, world, mutant, withoutExits(other.ops)));
  }
  return { format, name: "", world, ops: withExits(mutant) };
}

function mutateOnce(
  mutation: Mutation,
  dice: Dice,
  world: World,
  ops: readonly Op[],
  other: readonly Op[],
): readonly Op[] {
  switch (mutation) {
    case "extend":
      return [...ops, ...new TraceExtender(dice, world, ops).more(dice.between(1, MOST_EXTENDED))];
    case "insert":
      return insert(dice, world, ops);
    case "splice":
      return [...ops.slice(0, dice.between(1, ops.length)), ...tailOf(dice, other)];
    case "join":
      return [...ops, ...apart(ops, other)];
    case "delete": {
      const at = dice.below(ops.length);
      return ops.toSpliced(at, dice.between(1, MOST_AT_ONCE));
    }
    case "number":
      return changeNumber(dice, world, ops);
    case "repeat":
      return repeat(dice, ops);
    default:
      return assertNever(mutation);
  }
}

/** Puts new ops, written for the state there, between those that there are. */
function insert(dice: Dice, world: World, ops: readonly Op[]): readonly Op[] {
  const at = dice.between(1, ops.length);
  const more = new TraceExtender(dice, world, ops.slice(0, at)).more(dice.between(1, MOST_AT_ONCE));
  return [...ops.slice(0, at), ...more, ...ops.slice(at)];
}

function tailOf(dice: Dice, ops: readonly Op[]): readonly Op[] {
  return ops.length === 0 ? [] : ops.slice(dice.below(ops.length));
}

/** Another trace's ops with processes of their own: the two meet in physical memory only. */
function apart(ops: readonly Op[], other: readonly Op[]): Op[] {
  const first = 1 + Math.max(...ops.map((op) => bornBy(op) ?? op.proc));
  return other.map((op) => renamed(op, (proc) => Math.min(proc + first, LIMITS.procs - 1)));
}

/** Does some ops again later, in any of the processes. */
function repeat(dice: Dice, ops: readonly Op[]): readonly Op[] {
  const at = dice.below(ops.length);
  const end = Math.min(ops.length, at + dice.between(1, MOST_REPEATED));
  const proc = dice.pick(ops).proc;
  const again = ops.slice(at, end).filter((op) => bornBy(op) === null);
  const to = dice.between(end, ops.length);
  return ops.toSpliced(to, 0, ...again.map((op) => ({ ...op, proc })));
}

/** How many values a choice has, by kind of op, in the order of its choices. */
const CHOICES: Readonly<Partial<Record<Op["op"], readonly number[]>>> = {
  mmap: [VIAS.length, PROTS.length, 2],
  mprotect: [PROTS.length],
  madvise: [ADVICES.length],
  touch: [2],
};

/** Changes one number of one op: by one, to another of its role in the trace, or another choice. */
function changeNumber(dice: Dice, world: World, ops: readonly Op[]): readonly Op[] {
  const draft = draftOf({ format: "pfndiff/trace@1", name: "", world, ops: [...ops] });
  const row = dice.below(draft.rows.length);
  const changed = draft.rows[row] as Row;
  const index = dice.below(changed.values.length);
  const role = ROLES[changed.kind][index] as Role;
  const value = newValue(dice, draft.rows, changed, index, role);
  if (value < leastOf(changed.kind, index)) return ops;
  const values = changed.values.with(index, value);
  const trace = traceOfDraft({ ...draft, rows: draft.rows.with(row, { ...changed, values }) }, "");
  return trace?.ops ?? ops;
}

function newValue(
  dice: Dice,
  rows: readonly Row[],
  { kind, values }: Row,
  index: number,
  role: Role,
): number {
  const value = values[index] as number;
  if (role === "choice") {
    const counts = CHOICES[kind] ?? [];
    const nth = ROLES[kind].slice(0, index).filter((other) => other === "choice").length;
    return dice.below(counts[nth] ?? 1);
  }
  if (dice.chance(1, 2)) return dice.chance(1, 2) ? value + 1 : value - 1;
  const alike = rows.flatMap((row) => row.values.filter((_, at) => ROLES[row.kind][at] === role));
  return dice.pick(alike);
}
