import { assertNever } from "../src/assertnever.ts";
import {
  type CallKind,
  type CallRow as CallDescription,
  CALLS,
  type DriverCallRecord,
} from "../src/trace/driverop.ts";
import type { Fault, Field, Fields, NumberRole, Span, Values } from "../src/trace/fields.ts";
import { ISA_PAGES } from "../src/trace/isawindow.ts";
import { bornBy, type Op, type OpKind, rowOf } from "../src/trace/op.ts";
import {
  MEMORIES,
  type Memory,
  MEMORY_WORDS,
  memoryOf,
  opFault,
  type Trace,
  type World,
  worldFault,
} from "../src/trace/trace.ts";

/** What a number of a row stands for; numbers of one role can be lowered together. */
export type Role = Exclude<NumberRole, "born"> | "choice";

/** A field as a number: a choice is its rank, the simplest being 0, and a flag is 0 or 1. */
export interface Coded {
  readonly name: string;
  readonly field: Exclude<Field, { role: "calls" }>;
  readonly role: Role;
  readonly isBorn: boolean;
  /** An optional number that is absent is -1. */
  readonly least: number;
  readonly most: number;
}

/** A span by the places of its fields in the values. */
export interface CodedSpan {
  readonly role: Role;
  readonly start: number;
  /** What stands for an absent start. */
  readonly or: number;
  /** -1: it is one page. */
  readonly length: number;
}

/** How the records of one kind are written as numbers. */
export interface Code {
  readonly fields: readonly Coded[];
  readonly spans: readonly CodedSpan[];
}

function codedField(name: string, field: Field): Coded[] {
  switch (field.role) {
    case "calls":
      return [];
    case "choice": {
      const most = field.ranks.length - 1;
      return [{ name, field, role: "choice", isBorn: false, least: 0, most }];
    }
    case "flag":
      return [{ name, field, role: "choice", isBorn: false, least: 0, most: 1 }];
    case "proc":
    case "born":
    case "virtual":
    case "length":
    case "rest":
    case "pfn":
    case "offset":
    case "slot":
    case "buffer":
    case "region": {
      const { role, most, optional } = field;
      const isBorn = role === "born";
      const least = optional ? -1 : field.least;
      return [{ name, field, role: role === "born" ? "proc" : role, isBorn, least, most }];
    }
    default:
      return assertNever(field);
  }
}

function codeOf(described: { readonly fields: Fields; readonly spans: readonly Span[] }): Code {
  const fields = Object.entries(described.fields).flatMap(([name, field]) =>
    codedField(name, field),
  );
  const place = (name: string) => fields.findIndex((coded) => coded.name === name);
  const spans = described.spans.map(({ start, or = start, length }) => ({
    role: (fields[place(start)] as Coded).role,
    start: place(start),
    or: place(or),
    length: length === 1 ? -1 : place(length),
  }));
  return { fields, spans };
}

const CODES = new Map<OpKind | CallKind, Code>();

/** How ops, or calls of a driver, of a kind are written; no call is called like an op. */
export function codeOfKind(kind: OpKind | CallKind): Code {
  let code = CODES.get(kind);
  if (code === undefined) {
    const described: CallDescription | ReturnType<typeof rowOf> =
      kind in CALLS ? CALLS[kind as CallKind] : rowOf(kind as OpKind);
    code = codeOf(described);
    CODES.set(kind, code);
  }
  return code;
}

/** A call of a driver as numbers. */
export interface CallRow {
  readonly kind: CallKind;
  readonly values: readonly number[];
}

/** One op as numbers only. */
export interface Row {
  readonly kind: OpKind;
  readonly values: readonly number[];
  readonly calls: readonly CallRow[];
  readonly fault?: Fault;
}

/** A trace as numbers, so that a shrinker can treat all of them alike. */
export interface TraceRows {
  /** pfns, vpages, rank of the memory, room for VMAs (0: no limit), 1 where there is no PAT, where the ISA window begins (0: there is none). */
  readonly world: readonly [number, number, number, number, number, number];
  /** pfns and rank of the memory of each further region. */
  readonly regions: readonly (readonly [pfns: number, memory: number])[];
  readonly rows: readonly Row[];
}

function valuesOf(record: Values, { fields }: Code): number[] {
  return fields.map(({ name, field }) => {
    const value = record[name];
    if (field.role === "choice") {
      return value === undefined ? 0 : field.ranks.findIndex((rank) => rank === value);
    }
    if (field.role === "flag") return value === true ? 1 : 0;
    return typeof value === "number" ? value : -1;
  });
}

/** The fields that the values stand for, or null when one is out of its bounds. */
function recordOf(
  values: readonly number[],
  { fields }: Code,
): Record<string, Values[string]> | null {
  const record: Record<string, Values[string]> = {};
  for (const [place, { name, field, least, most }] of fields.entries()) {
    const value = values[place] as number;
    if (value < least || value > most) return null;
    if (field.role === "choice") {
      if (value > 0 || !field.optional) record[name] = field.ranks[value];
    } else if (field.role === "flag") {
      if (value === 1 || !field.optional) record[name] = value === 1;
    } else if (value >= 0) {
      if (value < field.least) return null;
      record[name] = value;
    }
  }
  return record;
}

function rowOfOp(op: Op): Row {
  const made = "calls" in op ? op.calls : [];
  const calls = made.map((call) => ({
    kind: call.call,
    values: valuesOf(call, codeOfKind(call.call)),
  }));
  const row = { kind: op.op, values: valuesOf(op, codeOfKind(op.op)), calls };
  return op.fault === undefined ? row : { ...row, fault: op.fault };
}

function opOfRow({ kind, values, calls, fault }: Row): Op | null {
  const record = recordOf(values, codeOfKind(kind));
  if (record === null) return null;
  const made: DriverCallRecord[] = [];
  for (const call of calls) {
    const fields = recordOf(call.values, codeOfKind(call.kind));
    if (fields === null) return null;
    made.push({ call: call.kind, ...fields } as DriverCallRecord);
  }
  const op: Record<string, Values[string]> = { op: kind, ...record };
  if ("calls" in rowOf(kind).fields) op["calls"] = made;
  if (fault !== undefined) op["fault"] = fault;
  return op as Op;
}

/** The numbers of a trace. */
export function rowsOf({ world, ops }: Pick<Trace, "world" | "ops">): TraceRows {
  return {
    world: [
      world.pfns,
      world.vpages,
      MEMORIES.indexOf(memoryOf(world)),
      world.maps ?? 0,
      world.pat === false ? 1 : 0,
      world.isa === undefined ? 0 : world.isa + ISA_PAGES,
    ],
    regions: (world.regions ?? []).map((each) => [each.pfns, MEMORIES.indexOf(memoryOf(each))]),
    rows: ops.map(rowOfOp),
  };
}

const furtherRegion = ([pfns, memory]: TraceRows["regions"][number]) => ({
  pfns,
  ...MEMORY_WORDS[MEMORIES[memory] as Memory],
});

/** The trace of its rows, or null when it would not be a valid one. */
export function traceOfRows(
  { world: numbers, regions, rows }: TraceRows,
  name: string,
): Trace | null {
  const [pfns, vpages, region, maps, noPat, isa] = numbers;
  if (pfns < 1 || vpages < 1 || regions.some((each) => each[0] < 1)) return null;
  const world: World = {
    pfns,
    vpages,
    ...MEMORY_WORDS[MEMORIES[region] as Memory],
    ...(maps === 0 ? {} : { maps }),
    ...(noPat === 0 ? {} : { pat: false }),
    ...(isa === 0 ? {} : { isa: isa - ISA_PAGES }),
    ...(regions.length === 0 ? {} : { regions: regions.map(furtherRegion) }),
  };
  if (worldFault(world) !== null) return null;
  const ops: Op[] = [];
  const born = new Set<number>();
  for (const row of rows) {
    const op = opOfRow(row);
    if (op === null) return null;
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
export function isSimpler(a: TraceRows, b: TraceRows): boolean {
  if (a.rows.length !== b.rows.length) return a.rows.length < b.rows.length;
  const [countA, sumA] = weigh(a);
  const [countB, sumB] = weigh(b);
  return countA !== countB ? countA < countB : sumA < sumB;
}

function weigh({ world, regions, rows }: TraceRows): [count: number, sum: number] {
  let count = regions.length;
  let sum = [...world, ...regions.flat()].reduce((all, number) => all + number, 0);
  for (const { values, calls, fault } of rows) {
    if (fault !== undefined) count++;
    for (const part of [values, ...calls.map((call) => call.values)]) {
      for (const value of part) {
        if (value < 0) continue;
        count++;
        sum += value;
      }
    }
    count += calls.length;
  }
  return [count, sum];
}

/** Names the rows of a trace, to know them again. */
export function keyOf({ world, regions, rows }: TraceRows): string {
  let key = [...world, ...regions.flat()].join();
  for (const { kind, values, calls, fault } of rows) {
    key += `;${kind} ${values.join()}`;
    for (const call of calls) key += `:${call.kind} ${call.values.join()}`;
    if (fault !== undefined) key += ` ${fault.at} ${fault.nth}`;
  }
  return key;
}
