import { CALLS, type CallKind, type DriverCallRecord } from "../../../../src/trace/driverop.ts";
import type { Field, Fields, Values } from "../../../../src/trace/fields.ts";
import { bornBy, type Op, OPS, type OpKind } from "../../../../src/trace/op.ts";
import { driverCallSchema, opSchema } from "../../../../src/trace/opschema.ts";
import { type Trace, type World, worldSchema } from "../../../../src/trace/trace.ts";

/** An op of a kind; where it has fields of another op's names, it has its values. */
export function opOf(kind: OpKind, like: Values, { ops }: Trace): Op {
  const born = ops.map(bornBy).filter((proc) => proc !== null);
  const unborn = born.length === 0 ? 0 : Math.max(...born) + 1;
  return opSchema.parse({ op: kind, ...standardValues(OPS[kind].fields, like, unborn) });
}

export function callOf(kind: CallKind): DriverCallRecord {
  return driverCallSchema.parse({ call: kind, ...standardValues(CALLS[kind].fields, {}, 0) });
}

function standardValues(fields: Fields, like: Values, unborn: number): Values {
  const entries = Object.entries(fields).map(([name, field]) => {
    const known = like[name];
    return [name, known !== undefined && fits(known, field) ? known : standard(field, unborn)];
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function fits(value: Values[string], field: Field): boolean {
  if (field.role === "choice") return field.values.some((each) => each === value);
  if (field.role === "flag") return typeof value === "boolean";
  if (field.role === "calls") return Array.isArray(value);
  // A process is brought to life once.
  return field.role !== "born" && value === within(value, field);
}

function standard(field: Field, unborn: number): Values[string] {
  if (field.role === "choice") return field.ranks[0];
  if (field.role === "calls") return [callOf("remap")];
  if (field.optional) return undefined;
  if (field.role === "flag") return false;
  return field.role === "born" ? unborn : field.least;
}

/** A number as the field allows it; anything else stays what it is. */
function within(value: Values[string], field: Field): Values[string] {
  if (typeof value !== "number" || !("least" in field)) return value;
  return Math.max(field.least, Math.min(field.most, Math.trunc(value)));
}

/** The op with another value, brought inside of what the field allows; undefined leaves it out. */
export function withField(op: Op, name: string, value: Values[string]): Op {
  const field = (OPS[op.op].fields as Fields)[name];
  return opSchema.parse({ ...op, [name]: field === undefined ? value : within(value, field) });
}

export function withCallField(
  call: DriverCallRecord,
  name: string,
  value: Values[string],
): DriverCallRecord {
  const field = (CALLS[call.call].fields as Fields)[name];
  const allowed = field === undefined ? value : within(value, field);
  return driverCallSchema.parse({ ...call, [name]: allowed });
}

/** The world with another size, brought inside of what a page draws. */
export function withSize(
  world: World,
  name: "pfns" | "vpages" | "maps",
  value: number | undefined,
) {
  const size = value === undefined ? undefined : Math.max(1, Math.min(1_024, Math.trunc(value)));
  return worldSchema.parse({ ...world, [name]: size });
}

/** The ops with one of them moved to another place. */
export function moved(ops: readonly Op[], from: number, to: number): Op[] {
  const op = ops[from];
  if (op === undefined || to < 0 || to >= ops.length) return [...ops];
  const rest = ops.filter((_, index) => index !== from);
  return [...rest.slice(0, to), op, ...rest.slice(to)];
}
