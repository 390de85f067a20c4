import { describe, expect, test } from "vitest";
import { type PageCacheMode, UC_MINUS, WB, WC, WT } from "../../src/pat/cachemode.ts";
import type { PatEvent } from "../../src/pat/events.ts";
import { MemtypeList } from "../../src/pat/memtype.ts";
import type { RegionMtrr } from "../../src/pat/regionmemory.ts";
import { PfnRanges } from "../../src/pat/pfnmap.ts";

function list(mtrr: RegionMtrr = "uncached", eraseByEnd = true) {
  const log: PatEvent[] = [];
  const memtype = new MemtypeList(mtrr, eraseByEnd, log, null);
  const granted = { mode: WB };
  const reserve = (start: number, end: number, mode: PageCacheMode) => ({
    error: memtype.reserve(start, end, mode, granted),
    mode: granted.mode,
  });
  const shown = () => memtype.entries.map((e) => [e.start, e.end, e.mode]);
  return { memtype, log, reserve, shown, ranges: new PfnRanges(memtype, log), granted };
}

describe("reserve", () => {
  test("keeps entries by start, equal starts in insertion order", () => {
    const { reserve, shown } = list();
    reserve(4, 6, WC);
    reserve(0, 2, WC);
    reserve(4, 5, WC);
    reserve(4, 8, WC);
    expect(shown()).toEqual([
      [0, 2, WC],
      [4, 6, WC],
      [4, 5, WC],
      [4, 8, WC],
    ]);
  });

  test("adopts the mode of the first overlapping entry", () => {
    const { reserve } = list();
    reserve(0, 4, WC);
    expect(reserve(2, 6, UC_MINUS)).toEqual({ error: null, mode: WC });
    expect(reserve(6, 8, UC_MINUS)).toEqual({ error: null, mode: UC_MINUS });
  });

  test("refuses a range that bridges two modes, and logs both lines", () => {
    const { reserve, log, shown } = list();
    reserve(0, 2, WC);
    reserve(2, 4, UC_MINUS);
    expect(reserve(1, 3, WC).error).toBe("EBUSY");
    expect(log).toEqual([
      { kind: "conflict", start: 1, end: 3, found: WC, other: UC_MINUS },
      { kind: "reserve-failed", start: 1, end: 3, track: WC, request: WC },
    ]);
    expect(shown()).toHaveLength(2);
  });

  test.each([
    ["uncached", UC_MINUS],
    ["write-back", WB],
  ] as const)("a write-back request under a %s MTRR becomes mode %i", (mtrr, mode) => {
    expect(list(mtrr).reserve(0, 1, WB).mode).toBe(mode);
  });
});

describe("free", () => {
  test("by exact match removes the first equal entry only", () => {
    const { reserve, memtype, shown } = list();
    reserve(0, 2, WC);
    reserve(0, 2, WC);
    memtype.free(0, 2);
    expect(shown()).toEqual([[0, 2, WC]]);
  });

  test("prefers an exact match over an earlier entry with the same end", () => {
    const { reserve, memtype, shown } = list();
    reserve(0, 4, WC);
    reserve(2, 4, WC);
    memtype.free(2, 4);
    expect(shown()).toEqual([[0, 4, WC]]);
  });

  test("by end shrinks the first such entry, which then comes after its equals", () => {
    const { reserve, memtype, shown } = list();
    reserve(0, 4, WC);
    reserve(0, 1, WC);
    memtype.free(2, 4);
    expect(shown()).toEqual([
      [0, 1, WC],
      [0, 2, WC],
    ]);
  });

  test("by end is the before side's alone", () => {
    const { reserve, memtype, shown, log } = list("uncached", false);
    reserve(0, 4, WC);
    memtype.free(2, 4);
    expect(shown()).toEqual([[0, 4, WC]]);
    expect(log).toEqual([{ kind: "invalid-free", start: 2, end: 4 }]);
  });

  test.each([
    [0, 2],
    [1, 3],
    [0, 5],
    [1, 4],
  ])("of [%i,%i) finds nothing in [0,4) and [6,8) but by end", (start, end) => {
    const { reserve, memtype, log, shown } = list();
    reserve(0, 4, WC);
    reserve(6, 8, WC);
    memtype.free(start, end);
    const shrunk = end === 4;
    expect(log).toHaveLength(shrunk ? 0 : 1);
    expect(shown()[0]).toEqual([0, shrunk ? start : 4, WC]);
  });
});

describe("tracking a range", () => {
  test.each([
    [UC_MINUS, WB, false],
    [WC, WB, false],
    [WT, WB, false],
    [WT, WC, false],
    [WB, UC_MINUS, true],
    [WC, UC_MINUS, true],
    [UC_MINUS, WC, true],
    [WT, UC_MINUS, true],
  ])("wanting mode %i over mode %i is allowed: %s", (wanted, standing, allowed) => {
    const { reserve, ranges, granted, log, shown } = list("write-back");
    reserve(0, 2, standing);
    const error = ranges.track(0, 1, wanted, false, granted);
    expect(error).toBe(allowed ? null : "EINVAL");
    expect(shown()).toHaveLength(allowed ? 2 : 1);
    expect(log).toEqual(
      allowed ? [] : [{ kind: "type-mismatch", start: 0, end: 1, request: wanted, got: standing }],
    );
  });

  test("strict refuses every substitution", () => {
    const { reserve, ranges, granted } = list();
    reserve(0, 2, WC);
    expect(ranges.track(0, 1, UC_MINUS, true, granted)).toBe("EINVAL");
    expect(ranges.track(0, 1, WC, true, granted)).toBeNull();
  });
});
