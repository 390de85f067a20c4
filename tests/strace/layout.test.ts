import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Layout } from "../../src/strace/layout.ts";

const mapping = fc.record({
  at: fc.nat(200),
  pfn: fc.nat(200),
  pages: fc.integer({ min: 1, max: 60 }),
});

const maps = fc.array(mapping, { minLength: 1, maxLength: 6 });
type Maps = readonly { at: number; pfn: number; pages: number }[];

function settled(list: Maps): Layout {
  const layout = new Layout();
  for (const { at, pfn, pages } of list) layout.map(at, pfn, pages);
  layout.settle();
  return layout;
}

describe("a layout", () => {
  it("gives a mapping one length on both lines, as long as it was or shorter, and never none", () => {
    fc.assert(
      fc.property(maps, (list) => {
        const { virtual, physical } = settled(list);
        for (const { at, pfn, pages } of list) {
          const length = virtual.at(at + pages) - virtual.at(at);
          expect(length).toBe(physical.at(pfn + pages) - physical.at(pfn));
          expect(length).toBeGreaterThan(0);
          expect(length).toBeLessThanOrEqual(pages);
        }
      }),
    );
  });

  it("keeps which ranges touch, overlap or lie apart, on both lines", () => {
    fc.assert(
      fc.property(maps, (list) => {
        const { virtual, physical } = settled(list);
        for (const one of list) {
          for (const two of list) {
            const ends = Math.sign(one.at + one.pages - two.at);
            expect(Math.sign(virtual.at(one.at + one.pages) - virtual.at(two.at))).toBe(ends);
            const tops = Math.sign(one.pfn + one.pages - two.pfn);
            expect(Math.sign(physical.at(one.pfn + one.pages) - physical.at(two.pfn))).toBe(tops);
          }
        }
      }),
    );
  });

  it("keeps how two mappings share their pages: what meets on one line meets on the other", () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(50), fc.integer({ min: 1, max: 50 }), (at, shift, pages) => {
        const list = [
          { at: 0, pfn: 0, pages: 100 },
          { at: 1000, pfn: shift, pages },
          { at: at + 0, pfn: at, pages: 1 },
        ];
        const { virtual, physical } = settled(list);
        expect(physical.at(shift) - physical.at(0)).toBe(virtual.at(shift) - virtual.at(0));
      }),
    );
  });
});
