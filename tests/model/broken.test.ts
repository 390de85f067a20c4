import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { anyTrace } from "../../fuzz/sources.ts";
import { modernSpec } from "../../modern/index.ts";
import { Mm, splitVma } from "../../src/mm/mm.ts";
import { PageTable } from "../../src/mm/pagetable.ts";
import { remapPfnRange } from "../../src/mm/remap.ts";
import type { PfnTracking } from "../../src/mm/tracking.ts";
import { Vma } from "../../src/mm/vma.ts";
import { VM_READ } from "../../src/mm/vmaflags.ts";
import { Machine } from "../../src/model/machine.ts";
import { WC } from "../../src/pat/cachemode.ts";
import { MemtypeIntervals } from "../../src/pat/interval.ts";
import { BrokenInvariant, checks } from "../../src/pat/invariant.ts";
import { KernelState } from "../../src/pat/kernelstate.ts";
import { MemtypeList } from "../../src/pat/memtype.ts";
import type { PfnRanges } from "../../src/pat/pfnmap.ts";
import type { Op } from "../../src/trace/op.ts";
import { IS_LONG } from "../long.ts";

const WORLD = { pfns: 8, vpages: 8, mtrr: "uncached" } as const;
const vma = (start: number, end: number) => new Vma(start, end, start, VM_READ);
const map = (at: number, pages: number): Op => ({
  op: "mmap",
  proc: 0,
  at,
  pages,
  pfn: at,
  via: "resource",
  prot: "rw",
  private: false,
});

function windowWith(...vmas: readonly Vma[]): Mm {
  const mm = new Mm(8);
  for (const each of vmas) mm.insert(each);
  return mm;
}

/** A machine whose insides a test may use as its system calls do. */
class Open extends Machine {
  readonly inside = this.context;
}

describe("an invariant is asserted where it can break:", () => {
  it.each([
    ["VMAs lie apart", () => windowWith(vma(0, 3), vma(2, 4)), "meets [0,3)"],
    ["also from what comes after", () => windowWith(vma(2, 4), vma(0, 3)), "meets [2,4)"],
    ["VMAs are not empty", () => windowWith(vma(2, 2)), "not inside the window"],
    ["VMAs lie in the window", () => windowWith(vma(6, 9)), "not inside the window"],
    ["what goes was there", () => windowWith(vma(0, 2)).remove(vma(0, 2)), "is linked"],
    [
      "a split leaves two halves",
      () => splitVma(new Open(WORLD, modernSpec("7.2")).inside, new Mm(8), vma(0, 2), 2),
      "2 is not inside [0,2)",
    ],
    ["pages have a table", () => new PageTable(8).remap(0, 2, 0, WC), "no table is there"],
    [
      "a remap begins in its VMA",
      () => {
        const { inside } = new Open(WORLD, modernSpec("7.2"));
        remapPfnRange(inside, new Mm(8), vma(0, 2), { at: 2, pages: 1, pfn: 0, mode: WC });
      },
      "not in its VMA",
    ],
    ["reservations are not empty", () => new MemtypeIntervals().insert(3, 3, WC), "[3,3) is empty"],
    [
      "what is freed was reserved",
      () => new MemtypeIntervals().remove({ start: 0, end: 1, mode: WC }),
      "no reservation [0,1)",
    ],
  ])("%s", (_, breaks, says) => {
    expect(breaks).toThrow(BrokenInvariant);
    expect(breaks).toThrow(says);
  });
});

describe("where the switch is on", () => {
  afterEach(() => {
    checks.thorough = true;
  });

  /** Lets go of no page. */
  class Sticky extends PageTable {
    override zap(): void {}
  }
  /** Says of every table that it is not there. */
  class Tableless extends PageTable {
    override hasTable(at: number): boolean {
      return at === 0 && super.hasTable(at);
    }
  }
  /** Says that it is out of order. */
  class Disordered extends MemtypeList {
    override fault(): string | null {
      return super.fault() ?? (this.entries.length > 1 ? "out of order" : null);
    }
  }

  it.each([
    ["a page outlives its VMA", { pageTable: Sticky }, "mapped outside every VMA"],
    ["the list is not sorted", { memtype: Disordered }, "out of order"],
  ])("says so when %s, and does not elsewhere", (_, parts, says) => {
    const ops: Op[] = [map(0, 1), map(3, 2), { op: "munmap", proc: 0, at: 0, pages: 1 }];
    const run = () => {
      const machine = new Machine(WORLD, { ...modernSpec("7.2"), parts });
      machine.apply({ op: "spawn", proc: 0 });
      for (const op of ops) machine.apply(op);
    };
    expect(run).toThrow(says);
    checks.thorough = false;
    expect(run).not.toThrow();
  });

  it("says so when a table that goes still maps a page", () => {
    const table = new PageTable(8);
    const kernel = new KernelState([]);
    table.allocate(0, 2, kernel);
    table.remap(0, 2, 0, WC);
    expect(() => table.freeTables(0, 2, 0, 512)).toThrow("still maps page 0");
    checks.thorough = false;
    table.freeTables(0, 2, 0, 512);
    expect(table.hasTable(0)).toBe(false);
  });

  it("a window tells of a page without a table", () => {
    const mm = new Mm(8, Tableless);
    mm.insert(vma(0, 2));
    mm.pageTable.allocate(0, 2, new KernelState([]));
    // The first page has its table, which is all that remap() asks for it.
    mm.pageTable.remap(0, 1, 0, WC);
    expect(mm.fault()).toBeNull();
    mm.pageTable.copyOnWrite(1);
    expect(mm.fault()).toBe("page 1 has no table");
  });
});

/** Tracks and untracks what it likes, as a list of numbers says, and counts nothing. */
function wild(ranges: PfnRanges, decisions: readonly number[]): PfnTracking {
  let next = 0;
  const draw = (upTo: number) => (decisions[next++ % decisions.length] as number) % upTo;
  const granted = { mode: WC } as Parameters<PfnTracking["remap"]>[2];
  const act = () => {
    const [start, end] = [draw(40), draw(40)];
    if (draw(2) === 0) ranges.untrack(start, end);
    else ranges.track(start, end, WC, draw(2) === 0, granted);
  };
  const answer = () => {
    act();
    return draw(4) === 0 ? "EINVAL" : null;
  };
  return {
    remap: answer,
    remapFailed: act,
    dup: (copy) => {
      copy.track = draw(2) === 0 ? null : { wild: true };
      act();
    },
    copy: answer,
    copyFailed: act,
    unmap: act,
    moved: act,
    free: act,
  };
}

describe("a design", () => {
  it("breaks no invariant, whatever it decides", () => {
    const decisions = fc.array(fc.nat({ max: 2 ** 20 }), { minLength: 5, maxLength: 60 });
    fc.assert(
      fc.property(fc.nat({ max: 10_000 }), decisions, (run, drawn) => {
        const { world, ops } = anyTrace(4, run);
        const { contextOf: _modernOnly, ...spec } = modernSpec("7.2");
        const machine = new Machine(world, {
          ...spec,
          tracking: (ranges) => wild(ranges, drawn),
        });
        for (const op of ops) machine.apply(op);
      }),
      { numRuns: IS_LONG ? 500 : 150 },
    );
  });
});
