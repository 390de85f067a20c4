import { describe, expect, test } from "vitest";
import { folded } from "../../reports/judgetext.ts";
import { coverageMarkdown, coverageText } from "../../reports/coveragetext.ts";
import type { FindingView } from "../../reports/view.ts";
import { coverageSchema } from "../../src/trace/coverage.ts";
import { functionsOf } from "../../tree/coverage.ts";
import { passedText } from "../../tree/passed.ts";
import { functionsIn } from "../../tree/revisions.ts";

describe("the functions of a series", () => {
  test("are those in which its hunks lie, a system call by what the compiler makes of it", () => {
    const patch = [
      "@@ -10 +10 @@ static int reserve_pfn_range(u64 paddr, unsigned long size,",
      "@@ -20,2 +20 @@ int reserve_pfn_range(void)",
      "@@ -1 +1 @@",
      "@@ -30 +31 @@ SYSCALL_DEFINE5(mremap, unsigned long, addr,",
    ].join("\n+\tx();\n");
    expect(functionsIn(patch)).toEqual(["reserve_pfn_range", "__do_sys_mremap"]);
  });

  test("are marked among what an op passes, under the names of the source", () => {
    const passed = ["do_mmap", "move_vma.isra.0", "untrack_pfn", "untrack_pfn.part.0", "kfree"];
    expect(passedText(passed, ["kfree", "move_vma"])).toBe("*move_vma* untrack_pfn *kfree*");
  });
});

describe("findings that a page tells", () => {
  /** As much of a view as is looked at. */
  function told(signature: string, ...procs: number[]) {
    const [verdict, symptom] = signature.split(":");
    const ops = procs.map((proc) => ({ op: "exit", proc }));
    const first = { finding: { signature, verdict, symptom, trace: { ops } } } as FindingView;
    return { first, follows: [] };
  }
  const names = (all: ReturnType<typeof folded>) =>
    all.map(({ first, follows }) => [first, ...follows].map(({ finding }) => finding.signature));

  test("follow from one that shows the same in a part of their ops", () => {
    const all = [
      told("introduced:leak:c", 0, 3, 1, 2),
      told("introduced:leak:a", 0, 1),
      told("introduced:leak:b", 0, 2, 1),
      told("introduced:leak:other", 1, 0),
      told("introduced:alias:a", 0, 3, 1),
    ];
    expect(names(folded(all))).toEqual([
      ["introduced:leak:a", "introduced:leak:c", "introduced:leak:b"],
      ["introduced:leak:other"],
      ["introduced:alias:a"],
    ]);
  });
});

describe("coverage", () => {
  const line = (line_number: number, function_name: string, count: number, ...ways: number[]) => ({
    line_number,
    function_name,
    count,
    branches: ways.map((way) => ({ count: way })),
  });
  const inPat = {
    file: "arch/x86/mm/pat/memtype.c",
    functions: [
      { name: "memtype_free", start_line: 7, execution_count: 2 },
      { name: "lookup", start_line: 3, execution_count: 0 },
    ],
    lines: [
      line(3, "lookup", 0),
      line(8, "memtype_free", 2, 2, 0),
      line(9, "memtype_free", 0),
      line(10, "memtype_free", 0),
    ],
  };
  const inHeader = (count: number) => ({
    file: "include/linux/pgtable.h",
    functions: [
      { name: "track_pfn_remap", start_line: 5, execution_count: count },
      { name: "pte_none", start_line: 9, execution_count: 4 },
    ],
    lines: [line(5, "track_pfn_remap", count, count, 0), line(9, "pte_none", 4)],
  });
  const functions = functionsOf([inHeader(0), inPat, inHeader(3)]);

  test("is of the tracking's functions, those of several objects added up", () => {
    expect(functions.map(({ name, calls, linesMissed }) => [name, calls, linesMissed])).toEqual([
      ["lookup", 0, [3]],
      ["memtype_free", 2, [9, 10]],
      ["track_pfn_remap", 3, []],
    ]);
    expect(functions[2]).toMatchObject({ lines: 1, branches: 2, branchesMissed: [5] });
  });

  test("is told with what never ran, as text and in Markdown", () => {
    const trees = [{ id: "tree:/linux", release: "6.12.1", functions }];
    const coverage = coverageSchema.parse({ format: "pfndiff/coverage@1", trees });
    const text = coverageText(coverage);
    expect(text).toContain(
      "tree:/linux (6.12.1): 2 of 3 functions of the tracking called, 2 of 5 lines, 2 of 4 branches",
    );
    expect(text).toMatch(/^1\/3 +1\/2 +2 +memtype_free arch\S+:7 +9-10 +8$/m);
    expect(text).toMatch(/lookup \S+ +all of it$/m);
    expect(coverageMarkdown(coverage)).toContain(
      "| 1/1 | 1/2 | 3 | `track_pfn_remap include/linux/pgtable.h:5` |  | 5 |",
    );
  });
});
