import * as fc from "fast-check";
import { traceArbitrary } from "../src/library/fastcheck.ts";
import type { Field, Values } from "../src/trace/fields.ts";
import { bornBy, type Op, OPS, SYSCALL_KINDS, type SyscallKind } from "../src/trace/op.ts";
import { opFault, type Trace, type World } from "../src/trace/trace.ts";

/** Traces of system calls, and of drivers; every one satisfies traceSchema. */
export const arbitraryTrace: fc.Arbitrary<Trace> = traceArbitrary({ source: "plain" });
export const idiomTrace: fc.Arbitrary<Trace> = traceArbitrary({ source: "idioms" });

const SIZE = { pfns: 8, vpages: 12 } as const;

/** Any value that a field may have in a small world. */
function blindValue(field: Field): fc.Arbitrary<Values[string]> {
  switch (field.role) {
    case "choice":
      return fc.constantFrom(...field.values);
    case "flag":
      return field.optional ? fc.constantFrom(undefined, true) : fc.boolean();
    case "calls":
      return fc.constant([]);
    case "proc":
    case "born":
    case "slot":
    case "buffer":
      return fc.nat({ max: 3 });
    case "region":
      return fc.constant(undefined);
    case "pfn":
      return fc.nat({ max: SIZE.pfns - 1 });
    case "virtual":
    case "length":
    case "rest":
    case "offset": {
      const number = fc.integer({ min: field.least, max: SIZE.vpages });
      return field.optional ? fc.option(number, { nil: undefined }) : number;
    }
  }
}

/** Ops drawn blindly, one independent of the other: a second opinion beside the campaign's own. */
function blindOp(kind: SyscallKind, world: World): fc.Arbitrary<Op> {
  const fields: [string, Field][] = Object.entries(OPS[kind].fields);
  const values = fc.tuple(...fields.map(([, field]) => blindValue(field)));
  return values
    .map((drawn) => {
      const given = fields.map(([name], nth) => [name, drawn[nth]] as const);
      const there = given.filter(([, value]) => value !== undefined);
      return { op: kind, ...Object.fromEntries(there) } as Op;
    })
    .filter((op) => opFault(op, world) === null);
}

/** Blind traces: two processes at the start, up to two more, in either region. */
export const blindTrace: fc.Arbitrary<Trace> = fc
  .constantFrom("uncached" as const, "write-back" as const)
  .chain((mtrr) => {
    const world: World = { ...SIZE, mtrr };
    const kinds = SYSCALL_KINDS.filter(
      (kind) => mtrr === "uncached" || !("needsDevice" in OPS[kind]),
    );
    const ops = kinds.map((kind) => ({
      weight: kind === "mmap" ? 4 : 1,
      arbitrary: blindOp(kind, world),
    }));
    return fc.array(fc.oneof(...ops), { maxLength: 40 }).map((drawn) => {
      const ops: Op[] = [
        { op: "spawn", proc: 0 },
        { op: "spawn", proc: 1 },
      ];
      const born = new Set([0, 1]);
      for (const op of drawn) {
        const child = bornBy(op);
        if (child !== null && born.has(child)) continue;
        if (child !== null) born.add(child);
        ops.push(op);
      }
      return { format: "pfndiff/trace@1", name: "blind", world, ops };
    });
  });
