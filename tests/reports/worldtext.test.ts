import { expect, test } from "vitest";
import { limitsText } from "../../reports/worldtext.ts";
import type { World } from "../../src/trace/trace.ts";

const low: World = { pfns: 4, vpages: 4, mtrr: "uncached", region: "low" };

test.each([
  [-95, ", pfn [0,1) in the ISA window"],
  [3, ", pfn [3,4) in the ISA window"],
  [undefined, ""],
])("a world whose window begins at %s says which of its pages are in it", (isa, text) => {
  expect(limitsText({ ...low, ...(isa === undefined ? {} : { isa }) })).toBe(text);
});
