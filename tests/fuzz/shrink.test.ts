import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import { arbitraryTrace } from "../arbitrary.ts";
import { shrink, shrinkLater, simplerTraces } from "../../fuzz/shrink.ts";
import type { Op } from "../../src/trace/op.ts";
import { type Trace, traceSchema } from "../../src/trace/trace.ts";
import { oneStepDown } from "./onestepdown.ts";
import { toyDifference, traceOf } from "./toy.ts";
import { IS_LONG } from "../long.ts";

type Predicate = (trace: Trace) => boolean;

/** Predicates of different kinds: of one op, of two, of numbers that depend on each other. */
const PREDICATES: Readonly<Record<string, Predicate>> = {
  "a head unmapped": (trace) => shows(trace, "toy-head"),
  "a fork after a write": (trace) => shows(trace, "toy-fork"),
  "a long mapping": ({ ops }) => ops.some((op) => op.op === "mmap" && op.pages >= 2),
  "two mappings of one page": ({ ops }) =>
    ops.some(
      (a, i) =>
        a.op === "mmap" &&
        ops.slice(0, i).some((b) => b.op === "mmap" && b.pfn === a.pfn && b.at !== a.at),
    ),
  "an odd number": ({ ops }) =>
    ops.some((op) => "at" in op && op.at % 2 === 1 && op.op !== "touch"),
  "two births": ({ ops }) => ops.filter((op) => op.op === "spawn" || op.op === "fork").length >= 2,
};

function shows(trace: Trace, cause: string): boolean {
  return toyDifference(trace).findings.some((finding) => finding.cause === cause);
}

const cases = fc.record({
  trace: arbitraryTrace,
  predicate: fc.constantFrom(...Object.keys(PREDICATES)),
});

/** Only traces for which the predicate holds are shrunk. */
function eachShrunk(check: (shrunk: Trace, holds: Predicate, trace: Trace) => void): void {
  fc.assert(
    fc.property(cases, ({ trace, predicate }) => {
      const holds = PREDICATES[predicate] as Predicate;
      fc.pre(holds(trace));
      check(shrink(trace, holds), holds, trace);
    }),
    { numRuns: IS_LONG ? 150 : 50 },
  );
}

describe("shrink", () => {
  test("keeps the predicate, the format and the name", () => {
    eachShrunk((shrunk, holds, trace) => {
      expect(holds(shrunk)).toBe(true);
      expect(traceSchema.safeParse(shrunk).success).toBe(true);
      expect(shrunk.name).toBe(trace.name);
    });
  });

  test("leaves no op that can be dropped and no number that can be lowered", () => {
    eachShrunk((shrunk, holds) => {
      expect([...oneStepDown(shrunk)].filter(holds)).toEqual([]);
    });
  });

  test("does not change what it has shrunk", () => {
    eachShrunk((shrunk, holds) => expect(shrink(shrunk, holds)).toEqual(shrunk));
  });

  test("gives the same trace every time, whether the answers come at once or later", async () => {
    for (let run = 0; run < 40; run++) {
      const trace = traceOfRun(5, run);
      const predicates = Object.values(PREDICATES);
      const holds = predicates[run % predicates.length] as Predicate;
      if (!holds(trace)) continue;
      const shrunk = shrink(trace, holds);
      expect(shrink(structuredClone(trace), holds)).toEqual(shrunk);
      expect(await shrinkLater(trace, async (one) => holds(one))).toEqual(shrunk);
    }
  });

  test("asks only about valid traces", () => {
    fc.assert(
      fc.property(arbitraryTrace, (trace) => {
        for (const simpler of simplerTraces(trace)) traceSchema.parse(simpler);
      }),
      { numRuns: IS_LONG ? 20 : 6 },
    );
  });

  test("refuses a trace for which the predicate does not hold", () => {
    expect(() => shrink(traceOf([]), () => false)).toThrow("does not hold");
  });

  test("moves a mapping and the ops on it to the lowest addresses together", () => {
    const { ops, world } = shrink(
      traceOf([
        { op: "spawn", proc: 7 },
        { op: "spawn", proc: 3 },
        ...mapping(3, 9, 6, 11),
        { op: "touch", proc: 3, at: 9, write: true },
        { op: "munmap", proc: 3, at: 9, pages: 4 },
        { op: "exit", proc: 3 },
      ]),
      PREDICATES["a head unmapped"] as Predicate,
    );
    expect(ops).toEqual([...mapping(0, 0, 2, 0), { op: "munmap", proc: 0, at: 0, pages: 1 }]);
    expect(world).toEqual({ pfns: 2, vpages: 2, mtrr: "uncached" });
  });

  test("lowers processes that have to stay equal", () => {
    const { ops } = shrink(
      traceOf([
        { op: "touch", proc: 9, at: 5, write: true },
        { op: "fork", proc: 9, child: 12 },
      ]),
      PREDICATES["a fork after a write"] as Predicate,
    );
    expect(ops).toEqual([
      { op: "touch", proc: 0, at: 0, write: true },
      { op: "fork", proc: 0, child: 0 },
    ]);
  });

  test("makes what need not be special plain", () => {
    const { ops } = shrink(
      traceOf([
        {
          op: "mmap",
          proc: 1,
          at: 3,
          pages: 2,
          pfn: 3,
          via: "devmem_sync",
          prot: "none",
          private: true,
        },
      ]),
      PREDICATES["a long mapping"] as Predicate,
    );
    expect(ops).toEqual(mapping(0, 0, 2, 0));
  });

  test("lowers numbers far beyond what it can try one by one", () => {
    const world = { pfns: 16_384, vpages: 16_384, mtrr: "uncached" } as const;
    const trace = { ...traceOf(mapping(0, 9_000, 5_000, 8_000)), world };
    const shrunk = shrink(trace, ({ ops }) =>
      ops.some((op) => op.op === "mmap" && op.pages >= 777 && op.pfn >= 3_333),
    );
    expect(shrunk.ops).toEqual(mapping(0, 0, 777, 3_333));
    expect(shrunk.world).toEqual({ pfns: 4_110, vpages: 777, mtrr: "uncached" });
  });
});

function mapping(proc: number, at: number, pages: number, pfn: number): Op[] {
  return [{ op: "mmap", proc, at, pages, pfn, via: "resource", prot: "rw", private: false }];
}
