import { z } from "zod";
import { assertNever } from "../assertnever.ts";
import { ALLOCATION_SITES } from "../pat/kernelstate.ts";
import type { Both } from "./both.ts";
import { bothSchema } from "./bothschema.ts";
import { CALLS, type DriverCallRecord } from "./driverop.ts";
import { DRIVER_LIMITS, type Field, type Fields, LIMITS } from "./fields.ts";
import { type Op, OPS } from "./op.ts";

/** An allocation: the nth at a site within one op, counted from 1. */
export const faultSchema = z.strictObject({
  at: z.enum(ALLOCATION_SITES),
  nth: z.int().min(1).max(LIMITS.vpages),
});

function fieldSchema(field: Field): z.ZodType {
  switch (field.role) {
    case "choice":
      return field.optional ? z.enum(field.values).optional() : z.enum(field.values);
    case "flag":
      return field.optional ? z.boolean().optional() : z.boolean();
    case "calls":
      return z.array(driverCallSchema).max(DRIVER_LIMITS.calls);
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
      const number = z.int().min(field.least).max(field.most);
      return field.optional ? number.optional() : number;
    }
    default:
      return assertNever(field);
  }
}

/** The schemas of records that are told apart by one field. */
function recordSchemas(
  tag: "op" | "call",
  rows: Readonly<Record<string, { readonly fields: Fields }>>,
  common: z.ZodRawShape,
) {
  return Object.entries(rows).map(([kind, { fields }]) => {
    const own = Object.entries(fields).map(([name, field]) => [name, fieldSchema(field)] as const);
    return z.strictObject({ [tag]: z.literal(kind), ...Object.fromEntries(own), ...common });
  });
}

/** Schemas of an exhaustive list of records are a union of them; types cannot follow how it came. */
function unionOf<T>(tag: "op" | "call", schemas: readonly z.ZodObject[]) {
  const [first, ...rest] = schemas;
  if (first === undefined) throw new Error("a union of nothing");
  return z.discriminatedUnion(tag, [first, ...rest]) as z.ZodType<T>;
}

export const driverCallSchema = unionOf<DriverCallRecord>("call", recordSchemas("call", CALLS, {}));

const opRecords = recordSchemas("op", OPS, { fault: faultSchema.optional() });

export const opSchema = unionOf<Op>("op", opRecords);

/** An op, or two tasks that run some by turns. */
export const racedOpSchema = unionOf<Op | Both>("op", [bothSchema(opSchema), ...opRecords]);
