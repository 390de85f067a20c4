import { DRIVER_OPS, type DriverCallRecord, PIECE_PAGES } from "./driverop.ts";
import type { Fields, OpRecord, Span, Values } from "./fields.ts";
import { type OpRow, SYSCALLS } from "./syscalls.ts";

export { LIMITS, type Prot, PROTS } from "./fields.ts";
export {
  ADVICES,
  type Advice,
  MARKS,
  REGION_VIAS,
  type RegionVia,
  VIAS,
  type Via,
} from "./syscalls.ts";

/** Every kind of op with all that is said of it; what it does is in src/mm and src/model. */
export const OPS = { ...SYSCALLS, ...DRIVER_OPS };

export type SyscallKind = keyof typeof SYSCALLS;
export type OpKind = keyof typeof OPS;

/** The op of one kind: `OpOf<"mmap">`. */
export type OpOf<K extends OpKind> = OpRecord<K, (typeof OPS)[K]["fields"], DriverCallRecord>;

/**
 * One operation of a trace. Plain records; all addresses are page numbers. An op that does not
 * apply has an errno as its result, it is never skipped.
 */
export type Op = { [K in OpKind]: OpOf<K> }[OpKind];
/** An op that is a system call or an access, no driver's and none of the kernel's own. */
export type SyscallOp = { [K in SyscallKind]: OpOf<K> }[SyscallKind];

export const OP_KINDS = Object.keys(OPS) as OpKind[];
export const SYSCALL_KINDS = Object.keys(SYSCALLS) as SyscallKind[];

/** The description of a kind, for those who go through its fields. */
export function rowOf(kind: OpKind): OpRow {
  return OPS[kind];
}

/**
 * What of an op the program of a kernel tree cannot do in a world, in a few words, or null. Low memory has a memory map
 * from boot on, so that nothing can be added there; models count from the region's start what the kernel counts from 0.
 */
export function beyondTrees(op: Op, world: { readonly isa?: number | undefined }): string | null {
  return op.op === "memremap-pages" && world.isa !== undefined
    ? "memremap-pages about the ISA window"
    : null;
}

/** What an op takes pages in multiples of, counted from where its region begins: 1 where it takes any. */
export function granuleOf(op: Op): number {
  const inPieces =
    "calls" in op && op.calls.some((call) => "does" in call && call.does === "insert-pmd");
  return inPieces ? PIECE_PAGES : (rowOf(op.op).granule ?? 1);
}

/** Where pages that a record names begin, and how many they are. */
export interface Place {
  readonly start: string;
  readonly at: number;
  readonly pages: number;
}

/** A number of a record; a field that says how many pages may stand for a fixed one. */
function numberOf(values: Values, name: string): number {
  const value = values[name];
  if (typeof value !== "number") throw new Error(`${name} is no number`);
  return value;
}

/** The pages that a span of a record names. */
export function placeOf(values: Values, { start, or, length }: Span): Place {
  const name = or !== undefined && values[start] === undefined ? or : start;
  const pages = length === 1 ? 1 : numberOf(values, length);
  return { start: name, at: numberOf(values, name), pages };
}

const BORN = new Map<string, string>(
  OP_KINDS.flatMap((kind) =>
    Object.entries<Fields[string]>(OPS[kind].fields)
      .filter(([, { role }]) => role === "born")
      .map(([name]) => [kind, name] as const),
  ),
);

/** The process that an op brings to life, or null. */
export function bornBy(op: Op): number | null {
  const name = BORN.get(op.op);
  return name === undefined ? null : numberOf(op, name);
}

/** Whether the process of an op is gone after it. */
export function endsProcess(op: Op): boolean {
  return OPS[op.op].vmas === "exit";
}
