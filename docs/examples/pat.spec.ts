import { assert, property } from "fast-check";
import { fuzz, judge, record, trace } from "pfndiff";
import { traceArbitrary } from "pfndiff/fast-check";
import "pfndiff/vitest";
import { describe, expect, it } from "vitest";

const head = trace({
  ops: [
    { op: "spawn", proc: 0 },
    { op: "mmap", proc: 0, at: 0, pages: 2, pfn: 0, via: "resource", prot: "rw", private: false },
    { op: "munmap", proc: 0, at: 0, pages: 1 },
    { op: "munmap", proc: 0, at: 1, pages: 1 },
  ],
});

describe("unmapping a mapping piece by piece", () => {
  it("leaks before, and no longer after", () => {
    expect(head).toShow("fixed:leak:unmap-head", { before: "legacy@6.12", after: "modern@7.2" });
    expect(record(head, "modern@7.2").steps.at(-1)?.memtype).toEqual([]);
  });

  it("is the same from one release of a design to the next", () => {
    expect(head).not.toStayClean();
    const { findings } = judge(record(head, "modern@6.18"), record(head, "modern@7.2"));
    expect(findings.filter(({ verdict }) => verdict !== "kept")).toEqual([]);
  });
});

describe("any trace", () => {
  it("has one result and one state for every op", () => {
    assert(
      property(traceArbitrary({ source: "plain" }), (any) => {
        expect(record(any, "modern").steps).toHaveLength(any.ops.length);
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it("is found with the least that shows a leak", async () => {
    for await (const { signature, trace: least } of fuzz({ runs: 200, seed: 1, source: "plain" })) {
      if (signature !== "fixed:leak:unmap-head") continue;
      expect(least).toShow(signature);
      expect(least.ops.length).toBeLessThan(6);
      return;
    }
    expect.unreachable("200 traces show it");
  });
});
