import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryTrace } from "../arbitrary.ts";
import { Flattener } from "../../src/trace/flatop.ts";
import { type Op, rowOf, SYSCALL_KINDS } from "../../src/trace/op.ts";
import { opSchema } from "../../src/trace/opschema.ts";

const flattener = new Flattener();

/** The fields of `flat` that `op` has. */
function sameFields(flat: Op, op: Op): unknown {
  return Object.fromEntries(Object.entries(flat).filter(([key]) => key in op));
}

describe("a flattened op", () => {
  test("says what the op says", () => {
    fc.assert(
      fc.property(arbitraryTrace, ({ ops }) => {
        for (const op of ops) expect(sameFields(flattener.of(op), op)).toEqual(op);
      }),
    );
  });

  test("forgets the optional fields of the op before it", () => {
    const fault = { at: "memtype", nth: 1 } as const;
    flattener.of({ op: "mremap", proc: 0, at: 0, pages: 1, newPages: 1, to: 4, fault });
    const flat = flattener.of({ op: "mremap", proc: 0, at: 0, pages: 1, newPages: 1 });
    expect(flat).toMatchObject({ to: undefined, fault: undefined });
  });

  test.each(SYSCALL_KINDS)("of %s has every field that the format has", (kind) => {
    const drawn = fc.sample(arbitraryTrace, { numRuns: 500, seed: 1 }).flatMap(({ ops }) => ops);
    const op = opSchema.parse(drawn.find((one) => one.op === kind));
    const flat = flattener.of(op);
    expect(flat).not.toBe(op);
    for (const name of Object.keys(rowOf(kind).fields)) expect(flat).toHaveProperty(name);
  });

  test("is all of one shape", () => {
    const trace = fc.sample(arbitraryTrace, { numRuns: 50, seed: 2 }).flatMap(({ ops }) => ops);
    const shapes = new Set(trace.map((op) => Object.keys(flattener.of(op)).join()));
    expect(shapes.size).toBe(1);
  });

  test("of a driver's op is that op itself", () => {
    const op: Op = opSchema.parse({ op: "iounmap", proc: 0, slot: 0 });
    expect(flattener.of(op)).toBe(op);
  });
});
