import fc from "fast-check";
import { expect, test } from "vitest";
import { piecesOf, stateMap } from "../../../reports/html/viewer/statemap.ts";
import { stateNotes } from "../../../reports/html/viewer/sidetext.ts";
import type { Step } from "../../../src/trace/recording.ts";
import { idiomTrace } from "../../arbitrary.ts";
import { modelOf } from "../../models.ts";

const SIDES = [modelOf("6.12"), modelOf("7.2")] as const;

/** Pages of the region that page tables map and the kernel does, one by one, read off the recording by hand. */
function tablePages({ vmas, kernelMaps = [] }: Step): number[] {
  const pages = new Set<number>();
  for (const { start, pfn, maps, modes = [] } of Object.values(vmas).flat()) {
    const own = modes.map((run) => ({ ...run, pfn: pfn + run.at - start, ram: undefined }));
    for (const run of maps ?? own) {
      for (let n = 0; n < run.pages; n++) if (run.ram !== true) pages.add(run.pfn + n);
    }
  }
  for (const { start, end, ram } of kernelMaps) {
    for (let pfn = start; pfn < end; pfn++) if (ram !== true) pages.add(pfn);
  }
  return [...pages].sort((a, b) => a - b);
}

const pagesOf = (ranges: readonly { start: number; end: number }[]) =>
  ranges.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, n) => start + n));

test("the lanes of a driver's trace show the pages that page tables and the kernel map, and what is held and bare by them", () => {
  fc.assert(
    fc.property(idiomTrace, fc.constantFrom(...SIDES), (trace, side) => {
      for (const step of side.recordSync(trace, { contexts: true }).steps) {
        const map = stateMap(step, null);
        const mapped = tablePages(step);
        const reserved = new Set(pagesOf(step.memtype));
        expect(pagesOf(map.mapped)).toEqual(mapped);
        expect(pagesOf(map.held)).toEqual(
          [...reserved].filter((pfn) => !mapped.includes(pfn)).sort((a, b) => a - b),
        );
        expect(pagesOf(map.bare)).toEqual(mapped.filter((pfn) => !reserved.has(pfn)));
      }
    }),
    { numRuns: 60 },
  );
});

test("a driver's VMA whose pages are not there yet maps nothing, and the note says so", () => {
  const step: Step = {
    result: { ok: true },
    memtype: [],
    vmas: {
      0: [
        {
          start: 0,
          end: 3,
          prot: "rw",
          private: false,
          pfn: 0,
          maps: [{ at: 1, pages: 1, pfn: 5, type: "uncached-minus" }],
        },
      ],
    },
    events: [],
  };
  expect(piecesOf(step.vmas["0"]?.[0] ?? expect.fail()).map(({ maps }) => maps)).toEqual([
    null,
    { pfn: 5, isRam: false },
    null,
  ]);
  expect(stateNotes(stateMap(step, null))[0]?.text).toMatch(/^pfn 5 is mapped without/);
});
