import { constants } from "node:os";
import { putFault, putField, putOp } from "../kernel/wire.ts";
import { isDriverOp } from "../src/trace/driverkinds.ts";
import {
  CALLS,
  DRIVER_CALLS,
  DRIVER_OP_KINDS,
  type DriverCallRecord,
  type DriverOp,
  FAULT_HANDLERS,
} from "../src/trace/driverop.ts";
import type { Field, Fields, Values } from "../src/trace/fields.ts";
import { type Op, rowOf } from "../src/trace/op.ts";
import type { World } from "../src/trace/trace.ts";

/** Our half of what program/host/host.h agrees on, in 32-bit words; a test compares the two. */
export const WIRE = {
  WIRE_VERSION: 1,
  HELLO_MAGIC: 0x45525450,
  TRACE_WORDS: 5,
  OP_WORDS: 10,
} as const;

/** Where an op of drivers says how many calls it makes. */
export const CALLS_WORD = 7;
/** The code of the first kind of op of drivers, and of the first kind of their calls. */
export const DRIVER_CODE = 64;
export const CALL_CODE = 96;
/** Calls by code: those of an op, then those that a fault handler makes. */
export const CALLED = [...DRIVER_CALLS, ...FAULT_HANDLERS] as const;

/** The pfn at which the RAM begins that drivers map (PFNDIFF_DRIVER_RAM). */
export const DRIVER_RAM = 131_072;

/** The kinds of records of an answer. */
export const RECORD = {
  STEP: 1,
  LOG: 2,
  LIST: 3,
  VMAS: 4,
  GONE: 5,
  PAGES: 6,
  END: 7,
  LEAK: 8,
  STOP: 9,
  TRACE: 10,
  FAILED: 11,
  SPENT: 12,
  PASSED: 13,
  CALLS: 14,
  KERNEL_MAPS: 15,
  RACED: 20,
  POINT: 21,
  OUTCOME: 22,
  SEARCHED: 23,
} as const;

/** Why a trace could not go on, by number; 0 is none. */
export const STOPS = ["none", "bug", "crash", "hang", "stub", "unfit"] as const;

/** The words of a hello: magic, version of the wire, LINUX_VERSION_CODE, whether there is a VM_PAT. */
export const HELLO_WORDS = 4;

/** What a program is asked of a trace. */
export interface Asked {
  readonly world: World;
  readonly ops: readonly Op[];
  /** Whether each step is to say which functions it passed. */
  readonly isWatched?: boolean;
}

/** Traces with the request for all of them, which every program is sent alike. */
export interface Batch {
  readonly traces: readonly Asked[];
  readonly request: Int32Array;
}

/** The calls of an op of a driver; each goes out as a row of its own. */
const callsOf = (op: Op): readonly DriverCallRecord[] => ("calls" in op ? op.calls : []);

/** How many rows some ops are. */
export const rowsOf = (ops: readonly Op[]) =>
  ops.reduce((sum, op) => sum + 1 + callsOf(op).length, 0);

/** A request of several traces, with its length in words before it. */
export function encodeRequest(traces: readonly Asked[]): Int32Array {
  const { TRACE_WORDS, OP_WORDS } = WIRE;
  const rows = traces.map(({ ops }) => rowsOf(ops));
  const length = rows.reduce((sum, count) => sum + TRACE_WORDS + count * OP_WORDS, 1);
  const words = new Int32Array(length);
  words[0] = length - 1;
  let at = 1;
  for (const [index, { world, ops, isWatched = false }] of traces.entries()) {
    words[at] = world.pfns;
    words[at + 1] = world.vpages;
    words[at + 2] =
      (world.mtrr === "write-back" ? 1 : 0) + (isWatched ? 2 : 0) + (world.pat === false ? 8 : 0);
    words[at + 3] = world.maps ?? 0;
    words[at + 4] = rows[index] as number;
    at += TRACE_WORDS;
    for (const op of ops) at = putRows(op, words, at);
  }
  return words;
}

/** Writes an op, and the calls that belong to it; returns where they end. */
function putRows(op: Op, words: Int32Array, start: number): number {
  let at = start + WIRE.OP_WORDS;
  if (isDriverOp(op)) putDriverOp(op, words, start);
  else putOp(op, words, start);
  putFault(op, words, start);
  for (const call of callsOf(op)) {
    words[at] = CALL_CODE + DRIVER_CALLS.indexOf(call.call);
    if (call.call === "fail") words[at + 1] = constants.errno[call.errno];
    else putFields(CALLS[call.call].fields, call, words, at + 1);
    at += WIRE.OP_WORDS;
  }
  return at;
}

function putDriverOp(op: DriverOp, words: Int32Array, at: number): void {
  words[at] = DRIVER_CODE + DRIVER_OP_KINDS.indexOf(op.op);
  putFields(rowOf(op.op).fields, op, words, at + 1);
  if ("calls" in op) words[at + CALLS_WORD] = op.calls.length;
}

function putFields(fields: Fields, values: Values, words: Int32Array, start: number): void {
  let at = start;
  for (const [name, field] of Object.entries<Field>(fields)) {
    if (field.role !== "calls") at = putField(field, values[name], words, at);
  }
}

const UTF8 = new TextDecoder();

/** The text in words that NULs pad. */
export function textIn(words: Int32Array): string {
  const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  const end = bytes.indexOf(0);
  return UTF8.decode(bytes.subarray(0, end < 0 ? bytes.length : end));
}
