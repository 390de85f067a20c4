import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isLink, LINK_LIMITS, linkTo, readLink } from "../../src/trace/link.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { arbitraryTrace, idiomTrace } from "../arbitrary.ts";

const SIDES = { before: "legacy@6.12", after: "variant:D4", step: 0 };

test("a link says the trace, its sides and the step, and nothing in it has to be escaped", () => {
  fc.assert(
    fc.property(
      fc.oneof(arbitraryTrace, idiomTrace),
      fc.string({ maxLength: 40 }),
      (drawn, name) => {
        const trace: Trace = { ...drawn, name };
        const step = Math.max(0, trace.ops.length - 1);
        const link = linkTo({ ...SIDES, step, trace });
        expect(isLink(link)).toBe(true);
        expect(link).toMatch(/^#[\w/@:.~;!%'()*-]+[\w/]$/);
        const read = readLink(`https://example.org/s.html${link}`);
        expect(read).toEqual({ ok: true, linked: { ...SIDES, step, trace: { ...drawn, name } } });
      },
    ),
    { numRuns: 100 },
  );
});

test("a failing allocation and a field that is absent are in the link too", () => {
  const trace: Trace = {
    format: "pfndiff/trace@1",
    name: "",
    world: { pfns: 4, vpages: 4, mtrr: "write-back", maps: 3 },
    ops: [
      { op: "spawn", proc: 0 },
      { op: "mremap", proc: 0, at: 0, pages: 2, newPages: 1, fault: { at: "vma", nth: 2 } },
    ],
  };
  const link = linkTo({ ...SIDES, trace });
  expect(link).toBe(
    "#/try/legacy@6.12/variant:D4/0/4.4.write-back.3//spawn.0~mremap.0.0.2.1!vma!2",
  );
  expect(readLink(link)).toMatchObject({ ok: true, linked: { trace } });
});

test("a world without PAT, and where its device lies, are in the link too", () => {
  for (const maps of [{}, { maps: 2 }]) {
    for (const more of [
      { pat: false },
      { region: "bar" },
      { region: "bar", pat: false },
    ] as const) {
      const world = { pfns: 4, vpages: 4, mtrr: "write-back", ...maps, ...more } as const;
      const trace: Trace = { format: "pfndiff/trace@1", name: "", world, ops: [] };
      const read = readLink(linkTo({ ...SIDES, trace }));
      expect(read).toMatchObject({ ok: true, linked: { trace: { world } } });
    }
  }
});

describe("a stranger's link is refused in a sentence", () => {
  const link = (world: string, ops: string) => `#/try/legacy/modern/0/${world}//${ops}`;
  test.each([
    ["#/try/legacy", "cut short"],
    [link("8.8.uncached", "jump.0"), 'ops[0].op is "jump"'],
    [link("8.8.uncached", "constructor.0"), 'ops[0].op is "constructor"'],
    [link("8.8.uncached", "__proto__.0"), 'ops[0].op is "__proto__"'],
    [link("8.8.uncached", "spawn.-1"), 'ops[0].proc is "-1" (expected a number)'],
    [link("8.8.uncached", "spawn.0.1"), "ops[0].field 2 is not a field"],
    [link("8.8.uncached", "spawn.0~munmap.0.7.2"), "ops[1] at + pages is 9, past vpages 8"],
    [link("99999.8.uncached", ""), "world.pfns is 99999 (expected at most 16384)"],
    [link("16384.8.uncached", Array(9).fill("exit.0").join("~")), "more than the page draws"],
    [link("8.8.uncached", Array(401).fill("exit.0").join("~")), "has 401 ops"],
    ["#/try/".padEnd(LINK_LIMITS.characters + 1, "x"), "longer than 65536"],
  ])("%#: %s", (text, said) => {
    const read = readLink(text);
    expect(read.ok ? "" : read.fault).toContain(said);
  });
});
