import { assertNever } from "../src/assertnever.ts";
import { isDriverOp } from "../src/trace/driverkinds.ts";
import { ALLOCATION_SITES, type AllocationSite } from "../src/pat/kernelstate.ts";
import type { Field, Fields, Values } from "../src/trace/fields.ts";
import { type Op, rowOf, SYSCALL_KINDS, type SyscallKind } from "../src/trace/op.ts";
import type { Memory, Trace } from "../src/trace/trace.ts";

/**
 * The host's half of what guest/wire.h agrees on; a test compares the two. Integers are 32 bits,
 * little-endian; a batch goes out as one request, its answer comes back in chunks of records.
 */
export const WIRE = {
  WIRE_VERSION: 5,
  REQUEST_MAGIC: 0x51464e50,
  ANSWER_MAGIC: 0x41464e50,
  MAILBOX_BYTES: 33_554_432,
  ANSWER_OFFSET: 16_777_216,
  HEADER_BYTES: 64,
  OP_WORDS: 10,
  TRACE_WORDS: 17,
  FURTHER_WORD: 8,
  FURTHER_REGIONS: 3,
  MAX_PROCS: 1024,
  ISA_REGION_ADDRESS: 0x60000,
  ISA_REGION_BYTES: 0xe0000,
} as const;

export const HEADER_WORD = {
  MAGIC: 0,
  VERSION: 1,
  SEQUENCE: 2,
  LENGTH: 3,
  CHECKSUM: 4,
  CHUNK: 5,
  LAST: 6,
  AT_TRACE: 7,
  AT_OP: 8,
} as const;

/** A system call's number is its place in the list of all. */
export const OP_CODE = Object.fromEntries(
  SYSCALL_KINDS.map((kind, place) => [kind, place]),
) as Readonly<Record<SyscallKind, number>>;

export const RECORD = {
  TRACE: 1,
  STEP: 2,
  MEMTYPE: 3,
  VMAS: 4,
  LOG: 5,
  END: 6,
  FAIL: 7,
  SAME: 8,
  LATE: 9,
  PAGES: 10,
  CALLS: 11,
  KERNEL_MAPS: 12,
  RAM: 13,
} as const;

/** The memory that a world lies in on a guest: `isa` is about the ISA window. */
export type RegionName = Memory | "isa";

export const REGION_CODE = {
  bar: 0,
  low: 1,
  "write-back-bar": 2,
  isa: 3,
} as const satisfies Record<RegionName, number>;

/** A trace and the window it runs in: `window` is a page number relative to its region. */
export interface PlacedTrace {
  readonly id: number;
  readonly trace: Trace;
  readonly window: number;
  /** The same of each further region, in their order. */
  readonly further?: readonly number[];
}

/** One record of an answer; `text` is what follows the words of its type. */
export interface WireRecord {
  readonly type: number;
  readonly bytes: Buffer;
}

/** An answer that is not what the protocol allows: it is never taken for data. */
export class GarbledAnswer extends Error {
  override readonly name = "GarbledAnswer";
}

/** The word-wise mix of guest/answer.c; a trailing part of a word is only counted by length. */
export function checksum(bytes: Buffer): number {
  let sum = bytes.length;
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    sum = ((sum << 5) | (sum >>> 27)) ^ bytes.readInt32LE(at);
    sum = Math.imul(sum, 0x9e3779b1);
  }
  return (sum ^ (sum >>> 16)) >>> 0;
}

/** Where in an op's words the allocation stands that is to fail: its site, counted from 1, and which one there. */
export const FAULT_WORD = { SITE: 8, NTH: 9 } as const;

/** A site's number is its place in the list of all, counted from 1; 0 is none. */
export const SITE_CODE = Object.fromEntries(
  ALLOCATION_SITES.map((site, place) => [site, place + 1]),
) as Readonly<Record<AllocationSite, number>>;

/** What the guest reads of every op, in this order; an op has four words of its own besides. */
const COMMON_WORDS: readonly string[] = ["proc", "at", "pages"];

/** The fields that are an op's own, by kind: what is sent of an op is looked up once. */
const OWN_FIELDS = new Map<SyscallKind, readonly (readonly [string, Field])[]>(
  SYSCALL_KINDS.map((kind) => [
    kind,
    sentFields(rowOf(kind).fields).filter(([name]) => !COMMON_WORDS.includes(name)),
  ]),
);

/** What is sent of an op or a call: a pfn tells its region by itself. */
export function sentFields(fields: Fields): [string, Field][] {
  return Object.entries<Field>(fields).filter(
    ([, { role }]) => role !== "calls" && (role !== "region" || !("pfn" in fields)),
  );
}

/** Writes the words of a field and returns where they end; one that may be absent says first whether it is there. */
export function putField(
  field: Field,
  value: Values[string],
  words: Int32Array,
  at: number,
): number {
  switch (field.role) {
    case "choice":
      words[at] = Math.max(
        0,
        field.values.findIndex((each) => each === value),
      );
      return at + 1;
    case "flag":
      words[at] = value === true ? 1 : 0;
      return at + 1;
    case "calls":
      throw new Error("a guest program makes no calls of a driver");
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
      if (field.optional) words[at++] = value === undefined ? 0 : 1;
      words[at] = typeof value === "number" ? value : 0;
      return at + 1;
    }
    default:
      return assertNever(field);
  }
}

/**
 * Writes the words of one op but its fault as programs of ours read them, in room that is zero: kind, proc, at,
 * pages, and four of its own; marks come last and share a word, a bit each.
 */
export function putOp(op: Op, words: Int32Array, start: number): void {
  if (isDriverOp(op)) throw new Error(`${op.op} is no system call and has no code`);
  const values: Values = op;
  words[start] = OP_CODE[op.op];
  words[start + 1] = op.proc;
  words[start + 2] = "at" in op ? op.at : 0;
  words[start + 3] = "pages" in op ? op.pages : "at" in op ? 1 : 0;
  let at = start + 4;
  let marks = 0;
  for (const [name, field] of OWN_FIELDS.get(op.op) ?? []) {
    if (field.role !== "flag" || !field.optional) at = putField(field, values[name], words, at);
    else if (values[name] === true) words[at] = (words[at] ?? 0) | (1 << marks++);
    else marks++;
  }
  if (marks > 0) at++;
  if (at > start + FAULT_WORD.SITE) throw new Error(`${op.op} has more words than the guest reads`);
}

/** Writes which allocation of an op is to fail, in room that is zero. */
export function putFault({ fault }: Op, words: Int32Array, start: number): void {
  if (fault === undefined) return;
  words[start + FAULT_WORD.SITE] = SITE_CODE[fault.at];
  words[start + FAULT_WORD.NTH] = fault.nth;
}

/** What an answer's header promises of its payload. */
export interface AnswerHeader {
  readonly length: number;
  readonly checksum: number;
  readonly last: boolean;
}

/** Reads an answer's header; throws GarbledAnswer unless it is the chunk that is awaited. */
export function decodeHeader(header: Buffer, sequence: number, chunk: number): AnswerHeader {
  if (header.length !== WIRE.HEADER_BYTES) throw new GarbledAnswer("the header is cut short");
  const word = (index: number) => header.readUInt32LE(index * 4);
  const expect = (name: keyof typeof HEADER_WORD, wanted: number) => {
    const got = word(HEADER_WORD[name]);
    if (got !== wanted) throw new GarbledAnswer(`${name} is ${got}, wanted ${wanted}`);
  };
  expect("MAGIC", WIRE.ANSWER_MAGIC);
  expect("VERSION", WIRE.WIRE_VERSION);
  expect("SEQUENCE", sequence);
  expect("CHUNK", chunk);
  const length = word(HEADER_WORD.LENGTH);
  const last = word(HEADER_WORD.LAST);
  if (length > WIRE.MAILBOX_BYTES - WIRE.ANSWER_OFFSET - WIRE.HEADER_BYTES || length % 4 !== 0) {
    throw new GarbledAnswer(`a length of ${length} cannot be`);
  }
  if (last > 1) throw new GarbledAnswer(`LAST is ${last}`);
  return { length, checksum: word(HEADER_WORD.CHECKSUM), last: last === 1 };
}

/** Splits a payload into records; throws GarbledAnswer unless it is whole and adds up. */
export function decodePayload(header: AnswerHeader, payload: Buffer): WireRecord[] {
  if (payload.length !== header.length) {
    throw new GarbledAnswer(`the payload has ${payload.length} of ${header.length} bytes`);
  }
  if (checksum(payload) !== header.checksum) throw new GarbledAnswer("the checksum is wrong");
  const records: WireRecord[] = [];
  let at = 0;
  while (at < payload.length) {
    if (at + 8 > payload.length) throw new GarbledAnswer("a record's head is cut short");
    const type = payload.readUInt32LE(at);
    const length = payload.readUInt32LE(at + 4);
    const end = at + 8 + length;
    if (end > payload.length) throw new GarbledAnswer("a record runs past the payload");
    records.push({ type, bytes: payload.subarray(at + 8, end) });
    at = Math.ceil(end / 4) * 4;
  }
  return records;
}
