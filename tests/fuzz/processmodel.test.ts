import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { endOf, ProcessModel, startOf } from "../../fuzz/processmodel.ts";

/** Past the pages that a mask has bits for. */
const PAGES = 48;

const range = fc
  .tuple(fc.nat({ max: PAGES - 1 }), fc.nat({ max: 12 }))
  .map(([from, length]) => ({ from, to: Math.min(PAGES, from + length) }));
const call = fc.record({
  does: fc.constantFrom("map", "unmap", "cut", "dontfork", "move", "fork"),
  range,
  to: fc.nat({ max: PAGES - 1 }),
});
type Call = typeof call extends fc.Arbitrary<infer T> ? T : never;

/** Pages that are mapped, each with whether forks leave it out. */
type Model = Map<number, boolean>;

const pagesOf = ({ from, to }: { from: number; to: number }) =>
  Array.from({ length: to - from }, (_, n) => from + n);

/** Does the same to a process and to a map of its pages; returns what is left to go on with. */
function step(process: ProcessModel, model: Model, { does, range, to }: Call): ProcessModel {
  const { from } = range;
  const pages = pagesOf(range);
  switch (does) {
    case "map":
      if (pages.length === 0) return process;
      for (const page of pages) model.set(page, false);
      process.map(from, range.to);
      return process;
    case "unmap":
      for (const page of pages) model.delete(page);
      process.unmap(from, range.to);
      return process;
    case "cut":
      process.cut(from, range.to);
      return process;
    case "dontfork":
      for (const page of pages) if (model.has(page)) model.set(page, true);
      process.dontfork(from, range.to);
      return process;
    case "move": {
      const isApart = to + pages.length <= from || range.to <= to;
      if (!isApart || to + pages.length > PAGES) return process;
      const moved = pages.flatMap((page) => (model.has(page) ? [[page, model.get(page)]] : []));
      for (const page of pages) model.delete(page - from + to);
      for (const page of pages) model.delete(page);
      for (const [page, isLeftOut] of moved as [number, boolean][]) {
        model.set(page - from + to, isLeftOut);
      }
      process.move(from, pages.length, to);
      return process;
    }
    default:
      for (const [page, isLeftOut] of model) if (isLeftOut) model.delete(page);
      return process.fork(new ProcessModel(process.id + 1));
  }
}

function follow(calls: readonly Call[]): { process: ProcessModel; model: Model } {
  const model: Model = new Map();
  let process = new ProcessModel(0);
  for (const call of calls) process = step(process, model, call);
  return { process, model };
}

const mappedBy = ({ vmas }: ProcessModel) =>
  vmas.flatMap((vma) => pagesOf({ from: startOf(vma), to: endOf(vma) })).sort((a, b) => a - b);

describe("the shadow of a process", () => {
  test("has VMAs over the pages that were mapped and not unmapped, each once", () => {
    fc.assert(
      fc.property(fc.array(call, { maxLength: 20 }), (calls) => {
        const { process, model } = follow(calls);
        expect(mappedBy(process)).toEqual([...model.keys()].sort((a, b) => a - b));
      }),
      { numRuns: 2000 },
    );
  });

  test("calls a range free where no VMA lies", () => {
    fc.assert(
      fc.property(fc.array(call, { maxLength: 20 }), range, (calls, { from, to }) => {
        const { process, model } = follow(calls);
        const end = Math.max(to, from + 1);
        const isFree = pagesOf({ from, to: end }).every((page) => !model.has(page));
        expect(process.isFree(from, end)).toBe(isFree);
      }),
      { numRuns: 2000 },
    );
  });

  test("is cut by the unmapping of an empty range inside a VMA", () => {
    const process = new ProcessModel(0);
    process.map(2, 6);
    process.unmap(4, 4);
    expect(process.vmas.map((vma) => [startOf(vma), endOf(vma)])).toEqual([
      [2, 4],
      [4, 6],
    ]);
  });

  test("is as new once it is cleared", () => {
    const process = new ProcessModel(0);
    process.map(0, PAGES);
    process.clear();
    expect(process.vmas).toEqual([]);
    expect(process.isFree(0, 8)).toBe(true);
    expect(process.isFree(0, PAGES)).toBe(true);
  });
});
