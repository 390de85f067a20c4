import { describe, expect, it } from "vitest";
import { piecesOfRun } from "../../fuzz/sources.ts";
import { judge } from "../../src/oracle/judge.ts";
import type { DriverCallRecord } from "../../src/trace/driverop.ts";
import { PIECE_PAGES } from "../../src/trace/driverop.ts";
import type { Op, OpOf } from "../../src/trace/op.ts";
import { type Trace, traceSchema, type World } from "../../src/trace/trace.ts";
import { MODELS } from "../../src/models.ts";

const WORLD: World = { pfns: 1024, vpages: 1024, mtrr: "uncached" };

function modelOf(id: string) {
  const model = MODELS.find((each) => each.id === id);
  if (model === undefined) throw new Error(`no ${id}`);
  return model;
}

const trace = (ops: Op[], world = WORLD): Trace =>
  traceSchema.parse({ format: "pfndiff/trace@1", name: "", world, ops });

const ON_FAULT: DriverCallRecord = {
  call: "fault-handler",
  does: "insert-pmd",
  pfn: 0,
  mode: "uc-",
};

function map(more: Partial<OpOf<"drv-mmap">> = {}): Op {
  const place = { proc: 0, at: 0, pages: PIECE_PAGES, off: 0 } as const;
  return { op: "drv-mmap", ...place, prot: "rw", private: false, calls: [ON_FAULT], ...more };
}

const touch = (at: number): Op => ({ op: "touch", proc: 0, at, write: false });

/** How many pages process 0 has after the last op. */
function pagesOf(id: string, ops: Op[], world = WORLD): number {
  const { steps } = modelOf(id).recordSync(trace([{ op: "spawn", proc: 0 }, ...ops], world));
  const runs = (steps.at(-1)?.vmas["0"] ?? []).flatMap(({ maps }) => maps ?? []);
  return runs.reduce((sum, { pages }) => sum + pages, 0);
}

describe("a driver that inserts 2 MiB at once", () => {
  it.each<[what: string, ops: Op[], pages: number]>([
    ["all of a piece", [map(), touch(300)], 512],
    ["of two pieces that which is touched", [map({ pages: 1024 }), touch(600)], 512],
    ["a page where the VMA ends in the piece", [map({ pages: 511 }), touch(300)], 1],
    ["a page where file and window do not fit", [map({ off: 1 }), touch(300)], 1],
    ["a page where the mapping begins in the piece", [map({ at: 1 }), touch(300)], 1],
    [
      "a page where a table is there",
      [
        map({ calls: [{ call: "remap", off: 1, pages: 1, pfn: 1, mode: "wb" }, ON_FAULT] }),
        touch(300),
      ],
      2,
    ],
    ["a page of a VM_MIXEDMAP", [map({ flags: "mixed" }), touch(300)], 1],
    [
      "all of a piece anew after a zap of a page of it",
      [map(), touch(300), { op: "drv-zap", proc: 0, off: 0, pages: 1 }, touch(3)],
      512,
    ],
    [
      "nothing more once a cut has dropped it",
      [map(), touch(300), { op: "munmap", proc: 0, at: 0, pages: 1 }],
      0,
    ],
  ])("inserts %s", (_what, ops, pages) => {
    expect(pagesOf("legacy@6.12", ops)).toBe(pages);
    expect(pagesOf("modern@7.2", ops)).toBe(pages);
  });

  it("inserts a page alone before 6.12, and where the region is shorter than a piece", () => {
    expect(pagesOf("legacy@6.1", [map(), touch(300)])).toBe(1);
    expect(pagesOf("modern@7.2", [map(), touch(300)], { ...WORLD, pfns: 511 })).toBe(1);
  });

  it("of RAM is not mapped for a debugger: kernels to 7.2 warn that they were asked", () => {
    const ofRam = map({ calls: [{ ...ON_FAULT, ram: true }] });
    const ops: Op[] = [{ op: "spawn", proc: 0 }, ofRam, touch(3), { op: "peek", proc: 0, at: 3 }];
    const last = (id: string) => modelOf(id).recordSync(trace(ops)).steps.at(-1);
    expect(last("modern@7.2")).toMatchObject({
      result: { errno: "EIO" },
      events: [{ kind: "warn" }],
    });
    expect(last("modern@7.3")).toMatchObject({ result: { errno: "EIO" }, events: [] });
  });

  it("is drawn so that one in three traces has a piece, each within its world", () => {
    const model = modelOf("modern@7.2");
    let pieces = 0;
    for (let run = 0; run < 120; run++) {
      const drawn = piecesOfRun(1, run);
      expect(traceSchema.safeParse(drawn).success).toBe(true);
      const { steps } = model.recordSync(drawn);
      const isPiece = ({ op }: Op, at: number) => {
        if (op !== "touch") return false;
        const [before, after] = [steps[at - 1], steps[at]].map((step) =>
          Object.values(step?.vmas ?? {})
            .flat()
            .flatMap(({ maps }) => maps ?? [])
            .reduce((sum, { pages }) => sum + pages, 0),
        );
        return (after ?? 0) - (before ?? 0) === PIECE_PAGES;
      };
      if (drawn.ops.some(isPiece)) pieces++;
    }
    expect(pieces).toBeGreaterThan(40);
  });

  it("is an alias of what others have of it in another mode, and of nothing else", () => {
    const wc = (pfn: number): Op => ({
      op: "mmap",
      proc: 1,
      at: 0,
      pages: 2,
      pfn,
      via: "resource_wc",
      prot: "rw",
      private: false,
    });
    const found = (pfn: number) => {
      const ops: Op[] = [
        { op: "spawn", proc: 0 },
        { op: "spawn", proc: 1 },
        wc(pfn),
        map(),
        touch(300),
      ];
      const [before, after] = [modelOf("legacy@6.12"), modelOf("modern@7.2")];
      const { findings } = judge(before.recordSync(trace(ops)), after.recordSync(trace(ops)));
      return [...new Set(findings.map(({ signature }) => signature))];
    };
    expect(found(510)).toEqual(["kept:alias:insert-pmd"]);
    expect(found(512)).toEqual([]);
    expect(found(0)).toEqual(["kept:untracked-mapping:insert-pmd"]);
  });
});
