import { describe, expect, test } from "vitest";
import type { Side } from "../../src/oracle/finding.ts";
import { SideFinding } from "../../src/oracle/sidefinding.ts";
import { judge } from "../../src/oracle/judge.ts";
import { judgeFindings } from "../../src/oracle/verdict.ts";
import { modelNamed } from "../../src/models.ts";
import type { Op } from "../../src/trace/op.ts";
import type { Trace } from "../../src/trace/trace.ts";

const stale = (side: Side, step: number, kind: string, parted = false) =>
  new SideFinding("stale-memtype", "replace", side, step, parted, kind, () => "");

function verdicts(before: readonly SideFinding[], after: readonly SideFinding[]): string[] {
  return [...new Set(judgeFindings(before, after).map(({ verdict }) => verdict))];
}

describe("a symptom and cause that both sides show", () => {
  test("is changed where it shows at one step in two kinds, and nowhere in the same", () => {
    expect(verdicts([stale("before", 2, "WC")], [stale("after", 2, "UC-")])).toEqual(["changed"]);
    const also = [stale("after", 2, "UC-"), stale("after", 5, "WC")];
    expect(verdicts([stale("before", 2, "WC")], also)).toEqual(["kept"]);
  });

  test("is kept where the kinds differ because the steps do", () => {
    expect(verdicts([stale("before", 2, "WC")], [stale("after", 3, "UC-")])).toEqual(["kept"]);
  });

  test("is fixed or introduced where one side shows nothing of it", () => {
    expect(verdicts([stale("before", 2, "WC")], [])).toEqual(["fixed"]);
    expect(verdicts([], [stale("after", 2, "WC")])).toEqual(["introduced"]);
  });

  test("is parted where either side shows it only once the sides had parted", () => {
    const apart = { before: stale("before", 3, "WC", true), after: stale("after", 3, "WC", true) };
    expect(verdicts([stale("before", 2, "WC")], [apart.after])).toEqual(["parted"]);
    expect(verdicts([apart.before], [stale("after", 2, "WC")])).toEqual(["parted"]);
    expect(verdicts([stale("before", 2, "WC"), apart.before], [])).toEqual(["fixed", "parted"]);
    expect(verdicts([], [stale("after", 2, "WC"), apart.after])).toEqual(["introduced", "parted"]);
  });

  test("is told in the order of the steps, the before side first", () => {
    const before = [stale("before", 1, "WC"), stale("before", 3, "WC")];
    const after = [stale("after", 0, "WC"), stale("after", 1, "WC"), stale("after", 4, "WC")];
    expect(judgeFindings(before, after).map(({ step, side }) => `${step} ${side}`)).toEqual([
      "0 after",
      "1 before",
      "1 after",
      "3 before",
      "4 after",
    ]);
  });
});

describe("where anonymous memory is cut into VMAs", () => {
  const anon = { op: "mmap", proc: 0, pages: 1, pfn: 0, via: "anon", private: true } as const;
  const ops: Op[] = [
    { op: "spawn", proc: 0 },
    { ...anon, at: 1, prot: "rw" },
    { op: "touch", proc: 0, at: 1, write: true },
    { ...anon, at: 0, prot: "r" },
    { op: "mprotect", proc: 0, at: 1, pages: 1, prot: "r" },
  ];
  const world = { pfns: 1, vpages: 2, mtrr: "uncached" } as const;
  const trace: Trace = { format: "pfndiff/trace@1", name: "joined", world, ops };

  test("releases differ in it, and no finding is made of that", () => {
    const [before, after] = ["legacy", "modern"].map((id) => modelNamed(id)?.recordSync(trace));
    if (before === undefined || after === undefined) throw new Error("both designs have a model");
    const counts = [before, after].map(({ steps }) => steps.at(-1)?.vmas["0"]?.length);
    expect(counts).toEqual([2, 1]);
    expect(judge(before, after).findings).toEqual([]);
  });
});

describe("where a range crosses an edge of the ISA window", () => {
  test("what sides granted by another type, each as expected, has parted them", () => {
    const map = (proc: number, pages: number, pfn: number, via: "devmem" | "devmem_sync"): Op => {
      return { op: "mmap", proc, at: 0, pages, pfn, via, prot: "rw", private: false };
    };
    const trace: Trace = {
      format: "pfndiff/trace@1",
      name: "a leaked reservation decides on one side only",
      world: { pfns: 3, vpages: 3, mtrr: "write-back", isa: 2 },
      ops: [
        { op: "spawn", proc: 0 },
        map(0, 2, 0, "devmem"),
        { op: "munmap", proc: 0, at: 0, pages: 1 },
        { op: "exit", proc: 0 },
        { op: "spawn", proc: 1 },
        map(1, 3, 0, "devmem"),
        map(1, 1, 1, "devmem_sync"),
      ],
    };
    const [mine, other] = ["legacy@6.12", "modern@7.2"].map((id) =>
      modelNamed(id)?.recordSync(trace),
    );
    if (mine === undefined || other === undefined) throw new Error("no recording");
    expect(mine.steps.at(-1)?.result).not.toEqual(other.steps.at(-1)?.result);
    expect(judge(mine, other).findings.map(({ symptom }) => symptom)).not.toContain("errno");
  });

  test("what is left of a reservation is not that of a mapping inside the window, of which there is none", () => {
    const map = (at: number, pages: number): Op => {
      return { op: "mmap", proc: 0, at, pages, pfn: 0, via: "devmem", prot: "rw", private: false };
    };
    const trace: Trace = {
      format: "pfndiff/trace@1",
      name: "the first of two pages is mapped over the second",
      world: { pfns: 2, vpages: 2, mtrr: "write-back", isa: -95 },
      ops: [{ op: "spawn", proc: 0 }, map(0, 2), map(1, 1), { op: "exit", proc: 0 }],
    };
    const [mine, other] = ["legacy@6.12", "modern@7.2"].map((id) =>
      modelNamed(id)?.recordSync(trace),
    );
    if (mine === undefined || other === undefined) throw new Error("no recording");
    expect(judge(mine, other).findings.map(({ symptom }) => symptom)).not.toContain(
      "mode-mismatch",
    );
  });

  test("a mapping that a piece of one across the edge refuses is refused rightly: the piece has its mode", () => {
    const map = (at: number, pages: number, pfn: number): Op => {
      return { op: "mmap", proc: 0, at, pages, pfn, via: "devmem", prot: "rw", private: false };
    };
    const trace: Trace = {
      format: "pfndiff/trace@1",
      name: "over a piece inside the window, and another mode outside",
      world: { pfns: 9, vpages: 5, mtrr: "write-back", isa: -89 },
      ops: [
        { op: "spawn", proc: 0 },
        map(0, 1, 8),
        map(1, 2, 6),
        { op: "munmap", proc: 0, at: 2, pages: 1 },
        map(2, 3, 6),
      ],
    };
    const [mine, other] = ["legacy@6.12", "modern@7.2"].map((id) =>
      modelNamed(id)?.recordSync(trace),
    );
    if (mine === undefined || other === undefined) throw new Error("no recording");
    expect(mine.steps.at(-1)?.result).toEqual({ errno: "EAGAIN" });
    expect(judge(mine, other).findings.map(({ symptom }) => symptom)).not.toContain("refused");
  });
});
