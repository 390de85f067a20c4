import { isDriverOp } from "../src/trace/driverkinds.ts";
import type { DriverOp } from "../src/trace/driverop.ts";
import type { Fault } from "../src/trace/fields.ts";
import {
  ADVICES,
  type Advice,
  type Op,
  type OpKind,
  type Prot,
  type SyscallOp,
  VIAS,
  type Via,
} from "../src/trace/op.ts";
import { assertNever } from "../src/assertnever.ts";
import { bornBy, type Mtrr, opFault, type Trace } from "../src/trace/trace.ts";

/** What a number of an op stands for; numbers of one role can be lowered together. */
export type Role = "proc" | "virtual" | "length" | "pfn" | "choice";

/** One op as numbers only: a choice is its rank, the simplest being 0. */
export interface Row {
  readonly kind: OpKind;
  readonly values: readonly number[];
  /** What a driver's op says besides its numbers. */
  readonly template?: DriverOp;
  readonly fault?: Fault;
}

/** A trace as numbers, so that a shrinker can treat all of them alike. */
export interface Draft {
  /** pfns, vpages, rank of the region, room for VMAs (0: no limit). */
  readonly world: readonly [number, number, number, number];
  readonly rows: readonly Row[];
}

/** From simple to special: what a reader expects comes first. */
const REGIONS: readonly Mtrr[] = ["uncached", "write-back"];
const PROT_RANKS: readonly Prot[] = ["rw", "r", "none"];
const FLAGS: readonly boolean[] = [false, true];

/** The role of every value of a row; mremap's last value is absent without MREMAP_FIXED. */
export const ROLES: Readonly<Record<OpKind, readonly Role[]>> = {
  spawn: ["proc"],
  mmap: ["proc", "virtual", "length", "pfn", "choice", "choice", "choice"],
  munmap: ["proc", "virtual", "length"],
  mremap: ["proc", "virtual", "length", "length", "virtual"],
  mprotect: ["proc", "virtual", "length", "choice"],
  madvise: ["proc", "virtual", "length", "choice"],
  touch: ["proc", "virtual", "choice"],
  fork: ["proc", "proc", "choice"],
  exit: ["proc"],
  mlock: ["proc", "virtual", "length"],
  munlock: ["proc", "virtual", "length"],
  mseal: ["proc", "virtual", "length"],
  revoke: ["proc"],
  "drv-mmap": ["proc", "virtual", "length"],
  "drv-run": ["proc", "virtual"],
  "drv-zap": ["proc"],
  ioremap: ["proc"],
  iounmap: ["proc"],
  memremap: ["proc"],
  memunmap: ["proc"],
  "memremap-pages": ["proc"],
  "memunmap-pages": ["proc"],
  "reserve-memtype-wc": ["proc"],
  "free-memtype-wc": ["proc"],
  "set-memory": ["proc"],
};

/** The lowest value that the format allows. */
export function leastOf(kind: OpKind, index: number): number {
  return ROLES[kind][index] === "length" && kind !== "mremap" ? 1 : 0;
}

function syscallRow(op: SyscallOp): Row {
  const kind = op.op;
  switch (op.op) {
    case "spawn":
    case "exit":
    case "revoke":
      return { kind, values: [op.proc] };
    case "fork":
      return { kind, values: [op.proc, op.child, Number(op.late === true)] };
    case "mmap": {
      const choices = [VIAS.indexOf(op.via), PROT_RANKS.indexOf(op.prot), Number(op.private)];
      return { kind, values: [op.proc, op.at, op.pages, op.pfn, ...choices] };
    }
    case "munmap":
    case "mlock":
    case "munlock":
    case "mseal":
      return { kind, values: [op.proc, op.at, op.pages] };
    case "mremap": {
      const source = [op.proc, op.at, op.pages, op.newPages];
      return { kind, values: op.to === undefined ? source : [...source, op.to] };
    }
    case "mprotect":
      return { kind, values: [op.proc, op.at, op.pages, PROT_RANKS.indexOf(op.prot)] };
    case "madvise":
      return { kind, values: [op.proc, op.at, op.pages, ADVICES.indexOf(op.advice)] };
    case "touch":
      return { kind, values: [op.proc, op.at, Number(op.write)] };
    default:
      return assertNever(op);
  }
}

function syscallOf(kind: SyscallOp["op"], values: readonly number[]): SyscallOp {
  const n = (index: number) => values[index] as number;
  const proc = n(0);
  switch (kind) {
    case "spawn":
    case "exit":
    case "revoke":
      return { op: kind, proc };
    case "fork":
      return n(2) === 0
        ? { op: kind, proc, child: n(1) }
        : { op: kind, proc, child: n(1), late: true };
    case "mmap":
      return {
        op: kind,
        proc,
        at: n(1),
        pages: n(2),
        pfn: n(3),
        via: VIAS[n(4)] as Via,
        prot: PROT_RANKS[n(5)] as Prot,
        private: FLAGS[n(6)] as boolean,
      };
    case "munmap":
    case "mlock":
    case "munlock":
    case "mseal":
      return { op: kind, proc, at: n(1), pages: n(2) };
    case "mremap": {
      const source = { op: kind, proc, at: n(1), pages: n(2), newPages: n(3) };
      return values.length > 4 ? { ...source, to: n(4) } : source;
    }
    case "mprotect":
      return { op: kind, proc, at: n(1), pages: n(2), prot: PROT_RANKS[n(3)] as Prot };
    case "madvise":
      return { op: kind, proc, at: n(1), pages: n(2), advice: ADVICES[n(3)] as Advice };
    case "touch":
      return { op: kind, proc, at: n(1), write: FLAGS[n(2)] as boolean };
    default:
      return assertNever(kind);
  }
}

function driverRow({ fault: _apart, ...template }: DriverOp): Row {
  const { op: kind, proc } = template;
  if (kind === "drv-mmap") return { kind, values: [proc, template.at, template.pages], template };
  if (kind === "drv-run") return { kind, values: [proc, template.at], template };
  return { kind, values: [proc], template };
}

function driverOf(template: DriverOp, values: readonly number[]): DriverOp {
  const n = (index: number) => values[index] as number;
  switch (template.op) {
    case "drv-mmap":
      return { ...template, proc: n(0), at: n(1), pages: n(2) };
    case "drv-run":
      return { ...template, proc: n(0), at: n(1) };
    default:
      return { ...template, proc: n(0) };
  }
}

function rowOf(op: Op): Row {
  const row = isDriverOp(op) ? driverRow(op) : syscallRow(op);
  return op.fault === undefined ? row : { ...row, fault: op.fault };
}

function opOf({ kind, values, template, fault }: Row): Op {
  const op =
    template === undefined
      ? syscallOf(kind as SyscallOp["op"], values)
      : driverOf(template, values);
  return fault === undefined ? op : { ...op, fault };
}

/** The numbers of a trace. */
export function draftOf({ world, ops }: Trace): Draft {
  return {
    world: [world.pfns, world.vpages, REGIONS.indexOf(world.mtrr), world.maps ?? 0],
    rows: ops.map(rowOf),
  };
}

/** The trace of a draft, or null when it would not be a valid one. */
export function traceOfDraft(draft: Draft, name: string): Trace | null {
  const [pfns, vpages, region, maps] = draft.world;
  if (pfns < 1 || vpages < 1) return null;
  const plain = { pfns, vpages, mtrr: REGIONS[region] as Mtrr };
  const world = maps === 0 ? plain : { ...plain, maps };
  const ops: Op[] = [];
  const born = new Set<number>();
  for (const row of draft.rows) {
    if (row.values.some((value, index) => value < leastOf(row.kind, index))) return null;
    const op = opOf(row);
    const child = bornBy(op);
    if ((child !== null && born.has(child)) || opFault(op, world) !== null) return null;
    if (child !== null) born.add(child);
    ops.push(op);
  }
  return { format: "pfndiff/trace@1", name, world, ops };
}

/**
 * The order of simplicity: fewer ops, then fewer numbers, then a lower sum. A shrinker that only
 * ever goes down in it ends.
 */
export function isSimpler(a: Draft, b: Draft): boolean {
  if (a.rows.length !== b.rows.length) return a.rows.length < b.rows.length;
  const [countA, sumA] = weigh(a);
  const [countB, sumB] = weigh(b);
  return countA !== countB ? countA < countB : sumA < sumB;
}

function weigh(draft: Draft): [count: number, sum: number] {
  let count = 0;
  let sum = draft.world[0] + draft.world[1] + draft.world[2] + draft.world[3];
  for (const { values, template, fault } of draft.rows) {
    count += values.length + (fault === undefined ? 0 : 1) + callsOf(template).length;
    for (const value of values) sum += value;
  }
  return [count, sum];
}

/** The calls that a driver's op makes. */
export function callsOf(template: DriverOp | undefined): readonly object[] {
  return template !== undefined && "calls" in template ? template.calls : [];
}

/** Names a draft, to know it again. */
export function keyOf(draft: Draft): string {
  let key = draft.world.join();
  for (const { kind, values, template, fault } of draft.rows) {
    key += `;${kind} ${values.join()}`;
    if (template !== undefined) key += JSON.stringify(template);
    if (fault !== undefined) key += JSON.stringify(fault);
  }
  return key;
}
