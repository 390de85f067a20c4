import { describe, expect, test } from "vitest";
import { Random } from "../../fuzz/random.ts";
import { withRegions } from "../../fuzz/regions.ts";
import { rowsOf, traceOfRows } from "../../fuzz/tracerows.ts";
import { shrink } from "../../fuzz/shrink.ts";
import { SOURCES } from "../../fuzz/sources.ts";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import { linkTo, readLink } from "../../src/trace/link.ts";
import type { Op } from "../../src/trace/op.ts";
import { placedOp } from "../../src/trace/regions.ts";
import { opFault, traceSchema, type World, worldFault } from "../../src/trace/trace.ts";

const world: World = {
  pfns: 8,
  vpages: 8,
  mtrr: "uncached",
  regions: [
    { pfns: 2, mtrr: "write-back" },
    { pfns: 4, mtrr: "write-back", region: "bar" },
  ],
};

const map = (more: Partial<Op>): Op =>
  ({
    op: "mmap",
    proc: 0,
    at: 0,
    pages: 2,
    pfn: 0,
    via: "resource",
    prot: "rw",
    private: false,
    ...more,
  }) as Op;

describe("a world of several regions", () => {
  test("bounds each op, and each call of a driver, by the region that it names", () => {
    expect(opFault(map({ pfn: 6 }), world)).toBeNull();
    expect(opFault(map({ region: 2, pfn: 2 }), world)).toBeNull();
    expect(opFault(map({ region: 2, pfn: 3 }), world)).toBe("pfn + pages is 5, past pfns 4");
    expect(opFault(map({ region: 3 }), world)).toBe("region is 3, past the last of the world's, 2");
    expect(opFault(map({ region: 1 }), world)).toMatch(/takes a PCI device/);
    expect(opFault({ op: "revoke", proc: 0, region: 1 }, world)).toMatch(/no driver has a device/);
    const remap = { call: "remap", off: 0, pages: 0, pfn: 3, mode: "wc" } as const;
    const drv = { op: "drv-mmap", proc: 0, at: 0, pages: 2, off: 0, prot: "rw" } as const;
    const mapped = (region: number): Op => ({
      ...drv,
      private: false,
      calls: [{ ...remap, region }],
    });
    expect(opFault(mapped(0), world)).toBeNull();
    expect(opFault(mapped(2), world)).toBe("pfn + pages is 5, past pfns 4");
  });

  test("has no low memory that is uncached", () => {
    const regions: World["regions"] = [{ pfns: 1, mtrr: "uncached", region: "low" }];
    expect(worldFault({ ...world, regions })).toBe("low memory is write-back");
  });

  test("shows the pfns of region n from n times 65,536 on", () => {
    expect(placedOp(map({ region: 2, pfn: 1 }))).toEqual(map({ pfn: 131_073 }));
    expect(placedOp(map({ pfn: 1 }))).toEqual(map({ pfn: 1 }));
  });
});

const RUNS = Array.from({ length: 60 }, (_, run) => run);

test("draws, links and the shrinker's numbers hold all regions of a trace", () => {
  let met = 0;
  for (const run of RUNS) {
    const trace = traceSchema.parse(SOURCES.regions(3, run));
    met += trace.ops.filter((op) => "region" in op).length;
    const rows = rowsOf(trace);
    const again = traceOfRows(rows, trace.name);
    expect(again?.world).toEqual(trace.world);
    expect(again === null ? null : rowsOf(again)).toEqual(rows);
    const read = readLink(linkTo({ before: "legacy", after: "modern", step: 0, trace }));
    expect(read).toMatchObject({ ok: true, linked: { trace } });
  }
  expect(met).toBeGreaterThan(100);
});

test("a draw of several regions is that of one, but for where its ops are", () => {
  for (const run of RUNS) {
    const plain = traceOfRun(1, run);
    const { ops } = withRegions(new Random().restart(1, run, "regions"), plain);
    const kinds = ops.map(({ op, proc }) => [op, proc]);
    expect(kinds).toEqual(plain.ops.map(({ op, proc }) => [op, proc]));
  }
});

test("shrunk, a trace has no region behind the last that it needs, and none of more pages", () => {
  for (const run of RUNS.slice(0, 12)) {
    const trace = SOURCES.regions(7, run);
    const isAbout = ({ ops }: typeof trace) =>
      ops.some((op) => op.op === "mmap" && op.region === 1);
    if (!isAbout(trace)) continue;
    expect(shrink(trace, isAbout).world).toMatchObject({ pfns: 1, regions: [{ pfns: 1 }] });
    const isPlain = ({ ops }: typeof trace) => ops.some((op) => op.op === "mmap");
    expect(shrink(trace, isPlain).world.regions).toBeUndefined();
  }
});
