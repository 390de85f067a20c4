import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Mm } from "../../src/mm/mm.ts";
import { Vma } from "../../src/mm/vma.ts";
import { VM_READ } from "../../src/mm/vmaflags.ts";

const VPAGES = 400;
/** Pages to map one by one, and for each then how many of the VMAs from there on go again. */
const steps = fc.array(fc.tuple(fc.nat(VPAGES - 1), fc.nat(3)), { minLength: 300, maxLength: 400 });

describe("the list of VMAs of a process", () => {
  test("stays sorted and finds each page, however many there are", () => {
    // A drawn list may stay short; together they must have been long enough for both ways to move it.
    let most = 0;
    fc.assert(
      fc.property(steps, (drawn) => {
        const mm = new Mm(VPAGES);
        const mapped = new Set<number>();
        for (const [page, gone] of drawn) {
          if (!mapped.has(page)) mm.insert(new Vma(page, page + 1, page, VM_READ));
          mapped.add(page);
          most = Math.max(most, mm.vmas.length);
          if (gone < 3) continue;
          const from = mm.vmas.findIndex((vma) => vma.end > page);
          expect(mm.find(page)).toBe(mm.vmas[from] ?? null);
          const going = mm.vmas.slice(from, from + 2);
          for (const vma of going) mm.remove(vma);
          for (const vma of going) mapped.delete(vma.start);
          expect(going.every((vma) => !vma.isLinked)).toBe(true);
        }
        expect(mm.vmas.map(({ start }) => start)).toEqual([...mapped].sort((a, b) => a - b));
        expect(mm.count).toBe(mapped.size);
        expect(mm.vmas.every((vma) => vma.isLinked)).toBe(true);
        for (let page = 0; page < VPAGES; page++) {
          expect(mm.lookup(page)?.start ?? null).toBe(mapped.has(page) ? page : null);
        }
      }),
      { numRuns: 20 },
    );
    expect(most).toBeGreaterThan(64);
  });
});
