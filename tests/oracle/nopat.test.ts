import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judge } from "../../src/oracle/judge.ts";
import { opFault, type Trace } from "../../src/trace/trace.ts";
import { arbitraryTrace, blindTrace, idiomTrace } from "../arbitrary.ts";
import { MODELS } from "../models.ts";

/** A trace as it can stand on kernels that were booted with `nopat`. */
function withoutPat({ world, ops, ...rest }: Trace): Trace {
  const without = { ...world, pat: false as const };
  return { ...rest, world: without, ops: ops.filter((op) => opFault(op, without) === null) };
}

const any = fc.oneof(arbitraryTrace, blindTrace, idiomTrace).map(withoutPat);
const [before, after] = [MODELS["6.12"], MODELS["7.2"]];
/** What has nothing to do with reservations; of `refused` there is fork() of a copied first page. */
const LEFT: ReadonlySet<string> = new Set(["errno", "warning", "refused"]);

describe("without PAT", () => {
  test("nothing is reserved, no message is about reservations, and only other differences are told", () => {
    if (before === undefined || after === undefined) throw new Error("no models");
    const told = new Set<string>();
    fc.assert(
      fc.property(any, (trace) => {
        const sides = [before, after].map((model) => model.recordSync(trace, { contexts: true }));
        for (const step of sides.flatMap(({ steps }) => steps)) {
          expect(step.memtype).toEqual([]);
          expect(step.ram).toBeUndefined();
          for (const { kind } of step.events) expect(["warn", "bug"]).toContain(kind);
        }
        const [mine, other] = sides as [(typeof sides)[0], (typeof sides)[0]];
        for (const { symptom, cause } of judge(mine, other).findings) {
          told.add(symptom);
          expect(LEFT).toContain(symptom);
          if (symptom === "refused") expect(cause).toBe("cow-head");
        }
      }),
      { numRuns: 60, seed: 5 },
    );
    expect(told).toContain("errno");
  });

  test("a fork whose first page was copied is refused before, as with PAT", () => {
    if (before === undefined || after === undefined) throw new Error("no models");
    const map = { op: "mmap", proc: 0, at: 0, pages: 2, pfn: 0 } as const;
    const trace: Trace = {
      format: "pfndiff/trace@1",
      name: "cow",
      world: { pfns: 4, vpages: 4, mtrr: "uncached", pat: false },
      ops: [
        { op: "spawn", proc: 0 },
        { ...map, via: "resource", prot: "rw", private: true },
        { op: "touch", proc: 0, at: 0, write: true },
        { op: "fork", proc: 0, child: 1 },
      ],
    };
    const judged = judge(before.recordSync(trace), after.recordSync(trace));
    expect(judged.findings.map(({ signature }) => signature)).toEqual(["fixed:refused:cow-head"]);
  });

  test("whoever asks for write-combining is told that he gets uncached-minus, and why", () => {
    const trace: Trace = {
      format: "pfndiff/trace@1",
      name: "wc",
      world: { pfns: 4, vpages: 4, mtrr: "uncached", pat: false },
      ops: [
        { op: "spawn", proc: 0 },
        { op: "ioremap", proc: 0, slot: 0, mode: "wc", pfn: 0, pages: 4 },
      ],
    };
    for (const model of [before, after]) {
      const [, step] = model?.recordSync(trace, { requests: true }).steps ?? [];
      expect(step?.requests).toEqual([
        { start: 0, end: 4, asked: "write-combining", got: "uncached-minus", by: "no-pat" },
      ]);
    }
  });

  test("a file that maps write-combining is not there", () => {
    const op = {
      op: "mmap",
      proc: 0,
      at: 0,
      pages: 1,
      pfn: 0,
      prot: "rw",
      private: false,
    } as const;
    const world = { pfns: 4, vpages: 4, mtrr: "uncached", pat: false } as const;
    expect(opFault({ ...op, via: "resource_wc" }, world)).toContain("not there without PAT");
    expect(opFault({ ...op, via: "resource" }, world)).toBeNull();
  });
});
