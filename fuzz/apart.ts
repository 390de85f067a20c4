import { CALLS } from "../src/trace/driverop.ts";
import type { Field, Fields, Values } from "../src/trace/fields.ts";
import { type Op, rowOf } from "../src/trace/op.ts";
import { SYSCALLS } from "../src/trace/syscalls.ts";
import { opFault, type Trace } from "../src/trace/trace.ts";
import type { Random } from "./random.ts";

/** Whether a field is drawn when all else of a trace has been, so that the rest is as it was without it. */
export function isApart(field: Field): boolean {
  const isApartFromAll = "apart" in field && field.apart !== undefined;
  return isApartFromAll || field.role === "region" || isMistake(field);
}

/** Whether a field says that a driver makes a mistake, which no trace has unless it is asked for. */
function isMistake(field: Field): boolean {
  return "isMistake" in field && field.isMistake === true;
}

function valueOf(random: Random, field: Field): Values[string] {
  if ("least" in field) return random.between(field.least, field.most);
  if (field.role === "choice") return random.pick(field.ranks.slice(1));
  return true;
}

/** The record with some of the fields that are drawn apart. */
function withFields<R extends object>(random: Random, record: R, fields: Fields): R {
  const more = Object.entries(fields).flatMap(([name, field]) => {
    const often = "apart" in field ? field.apart : undefined;
    return often !== undefined && often[0] > 0 && random.chance(often[0], often[1])
      ? [[name, valueOf(random, field)] as const]
      : [];
  });
  return more.length === 0 ? record : { ...record, ...Object.fromEntries(more) };
}

/** The trace with what is said of its ops and of drivers' calls apart from all else, where it can stand. */
export function withApart(random: Random, trace: Trace): Trace {
  const ops = trace.ops.map((op): Op => {
    const more = withFields(random, op, rowOf(op.op).fields);
    const said = opFault(more, trace.world) === null ? more : op;
    if (!("calls" in said)) return said;
    return { ...said, calls: said.calls.map((c) => withFields(random, c, CALLS[c.call].fields)) };
  });
  return { ...trace, ops };
}

/** The trace with a protection key named in half of its mprotect()s, the process' own in half of those. */
export function withKeys(random: Random, trace: Trace): Trace {
  const { values } = SYSCALLS.mprotect.fields.pkey;
  const keys = [...values, ...values.map(() => "own" as const)];
  const ops = trace.ops.map(
    (op): Op =>
      op.op === "mprotect" && random.chance(1, 2) ? { ...op, pkey: random.pick(keys) } : op,
  );
  return { ...trace, ops };
}
