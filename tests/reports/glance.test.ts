import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { cellText, glanceOf } from "../../reports/glance.ts";
import { glanceSvg } from "../../reports/glancesvg.ts";
import { glanceKey, glanceText } from "../../reports/glancetext.ts";
import { scenarioNamed } from "../../src/scenarios/index.ts";
import type { Step } from "../../src/trace/recording.ts";
import { idiomTrace } from "../arbitrary.ts";
import { run } from "../cli/run.ts";
import { modelOf } from "../models.ts";

const stepsOf = (release: string, trace: Parameters<ReturnType<typeof modelOf>["recordSync"]>[0]) =>
  modelOf(release).recordSync(trace, { contexts: true }).steps;

test("a page is held, bare or in a wrong mode by what is reserved and what page tables have", () => {
  const at = (memtype: Step["memtype"], type: "write-back" | null): Step => ({
    result: { ok: true },
    memtype,
    vmas: {
      0: [
        {
          start: 0,
          end: 1,
          prot: "rw",
          private: false,
          pfn: 0,
          maps: type === null ? [] : [{ at: 0, pages: 1, pfn: 4, type }],
        },
      ],
    },
    events: [],
  });
  const entry = (type: "write-back" | "uncached-minus") => [{ start: 4, end: 5, type }];
  const steps = [
    at([], null),
    at(entry("write-back"), "write-back"),
    at(entry("write-back"), null),
    at([], "write-back"),
    at(entry("uncached-minus"), "write-back"),
  ];
  const { rows } = glanceOf({ before: steps, after: steps });
  expect(rows.map(({ start, before }) => [start, ...before.map(cellText)])).toEqual([
    [4, ".", "#", "h", "b", "w"],
  ]);
});

test("sides that are alike differ nowhere, and swapping the sides swaps the rows", () => {
  fc.assert(
    fc.property(idiomTrace, (trace) => {
      const [old, fresh] = [stepsOf("6.12", trace), stepsOf("7.2", trace)];
      expect(
        glanceOf({ before: old, after: old }).rows.flatMap(({ differs }) => differs),
      ).not.toContain(true);
      const there = glanceOf({ before: old, after: fresh }).rows;
      const back = glanceOf({ before: fresh, after: old }).rows;
      expect(back.map(({ before, after, differs }) => [after, before, differs])).toEqual(
        there.map(({ before, after, differs }) => [before, after, differs]),
      );
    }),
    { numRuns: 30 },
  );
});

test("the leak of munmap-head is seen at a glance: held to the end before, given back after", () => {
  const { trace } = scenarioNamed("munmap-head");
  const glance = glanceOf({ before: stepsOf("6.12", trace), after: stepsOf("7.2", trace) });
  expect(glanceText(glance)).toEqual([
    "step           0    1    2    3    4",
    "before  pfn 0  .    #    h   [h]  [h]",
    "before  pfn 1  .    #    #    .    .",
    "after   pfn 0  .    #1   h1  [.]  [.]",
    "after   pfn 1  .    #1   #1   .    .",
  ]);
  expect(glanceKey(glance)).toBe(
    "# reserved and mapped; h reserved, mapped by nobody; a number counts its context; [ ] sides differ",
  );
});

test("a page that the sides map or reserve in different modes differs, and says the modes", () => {
  const { trace } = scenarioNamed("retained-tail-substitutes");
  const glance = glanceOf({ before: stepsOf("6.12", trace), after: stepsOf("7.2", trace) });
  expect(glanceText(glance)).toMatchInlineSnapshot(`
    [
      "step           0       1       2       3       4",
      "before  pfn 0  .       #       #       #       .",
      "before  pfn 1  .       #      [.]     [#:UC-]  .",
      "after   pfn 0  .       #1      #1      #1      .",
      "after   pfn 1  .       #1     [h1]    [#1:WC]  .",
    ]
  `);
  expect(glanceKey(glance)).toContain("[ ] sides differ; :MODE is all that differs");
});

test("no mode is told where a side does not show in which its pages are mapped", () => {
  const step = (type: "write-back" | "uncached-minus", modes: boolean): Step => ({
    result: { ok: true },
    memtype: [{ start: 0, end: 1, type: "write-back" }],
    vmas: {
      0: [
        {
          start: 0,
          end: 1,
          prot: "rw",
          private: false,
          pfn: 0,
          ...(modes ? { modes: [{ at: 0, pages: 1, type }] } : {}),
        },
      ],
    },
    events: [],
  });
  const cells = (before: Step, after: Step) =>
    glanceOf({ before: [before], after: [after] }).rows.map((row) => [
      row.differs[0],
      ...[row.before, row.after].flatMap((line) => line.map(cellText)),
    ]);
  expect(cells(step("write-back", true), step("write-back", false))).toEqual([[false, "#", "#"]]);
  expect(cells(step("write-back", true), step("uncached-minus", true))).toEqual([[true, "#", "w"]]);
});

test("a name is text in the picture, and README's is what the command draws", async () => {
  const drawn = glanceSvg(
    { steps: 0, rows: [] },
    { title: "<b>&", before: "<i>", after: "", ops: [] },
  );
  expect(drawn).not.toMatch(/<[bi]>/);
  const { out } = await run(["replay", "scenario:munmap-head", "--svg"]);
  expect(readFileSync("docs/munmap-head.svg", "utf8")).toBe(out);
});
