import { constants } from "node:os";
import { isDriverOp } from "../src/trace/driverkinds.ts";
import {
  CALLS,
  DRIVER_CALLS,
  DRIVER_OP_KINDS,
  DRIVER_OPS,
  type DriverCallRecord,
  type DriverOp,
  FAULT_HANDLERS,
} from "../src/trace/driverop.ts";
import type { Fields, Values } from "../src/trace/fields.ts";
import { type Op, rowOf } from "../src/trace/op.ts";
import { putFault, putField, putOp, sentFields, WIRE } from "./wire.ts";

/** Where an op of drivers says how many calls it makes, from so many bits on what it says of its VMA, and then its hook. */
export const CALLS_WORD = 7;
export const SAYS_SHIFT = 8;
export const HOOK_SHIFT = 12;
/** The code of the first kind of op of drivers, and of the first kind of their calls. */
export const DRIVER_CODE = 64;
export const CALL_CODE = 96;
/** Calls by code: those of an op, then those that a fault handler makes. */
export const CALLED = [...DRIVER_CALLS, ...FAULT_HANDLERS] as const;

/** The calls of an op of a driver; each goes out as a row of its own. */
const callsOf = (op: Op): readonly DriverCallRecord[] => ("calls" in op ? op.calls : []);

/** How many rows some ops are. */
export const rowsOf = (ops: readonly Op[]) =>
  ops.reduce((sum, op) => sum + 1 + callsOf(op).length, 0);

/** Writes an op and the calls that belong to it, as programs of ours read them, in room that is zero; returns where they end. */
export function putRows(op: Op, words: Int32Array, start: number): number {
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
  putFields(op.op === "drv-mmap" ? WORDS_OF_MMAP : rowOf(op.op).fields, op, words, at + 1);
  if (!("calls" in op)) return;
  const { flags, hook } = op.op === "drv-mmap" ? op : {};
  const says = flags === undefined ? 0 : SAYS.values.indexOf(flags);
  const hooked = hook === undefined ? 0 : HOOK.values.indexOf(hook);
  words[at + CALLS_WORD] = op.calls.length + (says << SAYS_SHIFT) + (hooked << HOOK_SHIFT);
}

/** Hook and flags stand beside the number of calls: there are no words left. */
const { hook: HOOK, flags: SAYS, ...WORDS_OF_MMAP } = DRIVER_OPS["drv-mmap"].fields;

function putFields(fields: Fields, values: Values, words: Int32Array, start: number): void {
  let at = start;
  for (const [name, field] of sentFields(fields)) at = putField(field, values[name], words, at);
}
