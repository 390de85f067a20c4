import { describe, expect, it } from "vitest";
import baselineFile from "../../reports/baseline.json" with { type: "json" };
import { explainLog } from "../../src/explain/explain.ts";
import { readExcerpt } from "../../src/explain/excerpt.ts";
import type { Explanation } from "../../src/explain/document.ts";
import { baselineSchema } from "../../src/gate.ts";
import { modelNamed } from "../../src/models.ts";
import type { Step } from "../../src/trace/recording.ts";

const baseline = baselineSchema.parse(baselineFile);

function explained(lines: readonly string[], release?: string, runs = 1500): Explanation {
  const options = { runs, ...(release === undefined ? {} : { release }) };
  return explainLog(readExcerpt(lines.join("\n")), baseline, options);
}

/** The last steps of the sequences of the first answer, recorded anew on the model that is named. */
function lastSteps({ answers: [first] }: Explanation): Step[] {
  return (first?.sequences ?? []).map(({ trace, model }) => {
    const steps = modelNamed(model)?.recordSync(trace, { requests: true }).steps ?? [];
    return steps.at(-1) as Step;
  });
}

/** A line as kernels write it, the release, and an event of the kind and modes that replaying it must log. */
const LINES: readonly (readonly [release: string, lines: readonly string[], event: object])[] = [
  [
    "6.12",
    ["[   60.2] x86/PAT: gl:88 freeing invalid memtype [mem 0x9000123000-0x9000126fff]"],
    { kind: "invalid-free" },
  ],
  [
    "7.2",
    [
      "x86/PAT: gl:88 conflicting memory types 9000002000-9000006000 uncached-minus<->write-combining",
      "x86/PAT: memtype_reserve failed [mem 0x9000002000-0x9000005fff], track write-combining, req write-combining",
    ],
    { kind: "conflict", found: "uncached-minus", other: "write-combining" },
  ],
  [
    "6.12",
    [
      "gl:88 map pfn expected mapping type uncached-minus for [mem 0x00031000-0x00034fff], got write-back",
    ],
    { kind: "type-mismatch", request: "uncached-minus", got: "write-back" },
  ],
  [
    "7.2",
    [
      "x86/PAT: gl:88 map pfn RAM range req write-combining for [mem 0x7d001000-0x7d002fff], got write-back",
    ],
    { kind: "ram-request", request: "write-combining", got: "write-back" },
  ],
  [
    "7.2",
    ["x86/PAT: reserve_ram_pages_type failed [mem 0x7d001000-0x7d002fff], track 0x2, req 0x1"],
    { kind: "ram-busy", track: "uncached-minus", request: "write-combining" },
  ],
  [
    "6.12",
    ["WARNING: CPU: 1 PID: 88 at arch/x86/mm/pat/memtype.c:1012 get_pat_info+0xf6/0x110"],
    { kind: "warn", text: "untrack_pfn: no pfn at the start of the VMA" },
  ],
  [
    "6.12",
    [
      "[   33.1] kernel BUG at mm/memory.c:2489!",
      "[   33.3] RIP: 0010:remap_pfn_range_notrack+0x3a5/0x4b0",
    ],
    { kind: "bug", text: "remap_pte_range: the page table entry is present" },
  ],
  [
    "7.2",
    [
      "Nov 27 08:01:00 lab kernel: kernel BUG at mm/memory.c:2766!",
      "Nov 27 08:01:00 lab kernel: RIP: 0010:vmf_insert_pfn_prot+0x1b3/0x1c0",
    ],
    { kind: "bug", text: "vmf_insert_pfn_prot: the mapping is private" },
  ],
];

/** The same of drivers that make mistakes: as the code of 6.12.117 and 7.2.13 wrote it, elsewhere. */
const MISTAKES: typeof LINES = [
  [
    "6.12",
    [
      "[   61.2] BUG: Bad page map in process t  pte:8000000100002237 pmd:00013067",
      "[   61.2] addr:0000000010002000 vm_flags:040440fb anon_vma:0000000000000000 mapping:ffff888000d20e80 index:2",
    ],
    { kind: "bad-page-map", type: "uncached-minus" },
  ],
  [
    "7.2",
    [
      "[   61.2] BUG: Bad page map in process t  pte:800000010000022f",
      "[   61.2] pgd:00011067 p4d:00011067 pud:00012067 pmd:00013067",
      "[   61.3] BUG: Bad page map in process t  pte:800000010000122f",
    ],
    { kind: "bad-page-map", type: "write-combining" },
  ],
  [
    "6.12",
    ["kernel BUG at mm/memory.c:2225!", "RIP: 0010:vm_insert_page+0x8c/0xb0"],
    { kind: "bug", text: "vm_insert_page: the mapping is VM_PFNMAP" },
  ],
];

describe("from a line to a sequence and back", () => {
  it.each(MISTAKES)("of a driver's mistake, on %s: %j", (release, lines, event) => {
    const answer = explained(lines, release, 300);
    const steps = lastSteps(answer);
    expect(steps.length).toBeGreaterThan(0);
    for (const { events } of steps) expect(events).toContainEqual(expect.objectContaining(event));
    for (const { needs } of answer.answers[0]?.sequences ?? []) expect(needs).toContain("driver");
  });

  it.each(LINES)("on %s: %j", (release, lines, event) => {
    const answer = explained(lines, release);
    const steps = lastSteps(answer);
    expect(steps.length).toBeGreaterThan(0);
    for (const { events } of steps) expect(events).toContainEqual(expect.objectContaining(event));
  });

  it.each([
    [["ioremap error for 0xfd001000-0xfd003000, requested 0x1, got 0x0"], "refused-pair"],
    [
      [
        "x86/PAT: kworker:1480 conflicting memory types fe00000000-ff00000000 write-combining<->uncached-minus",
        "x86/PAT: memtype_reserve failed [mem 0xfe00000000-0xfeffffffff], track uncached-minus, req uncached-minus",
        "ioremap memtype_reserve failed -16",
      ],
      "two-modes",
    ],
  ])("%j: an ioremap() that fails for that reason", (lines, by) => {
    const answer = explained(lines, "7.2");
    const sequences = answer.answers[0]?.sequences ?? [];
    expect(sequences.length).toBeGreaterThan(0);
    for (const { trace, needs } of sequences) {
      expect(["ioremap", "memremap"]).toContain(trace.ops.at(-1)?.op);
      expect(needs).toContain("driver");
    }
    for (const step of lastSteps(answer)) {
      expect(step.result).toEqual({ errno: "ENOMEM" });
      expect(step.requests?.at(-1)?.by).toBe(by);
    }
  });
});

describe("how ranges lie to each other counts, their addresses do not", () => {
  const freed = (from: string, last: string) =>
    `x86/PAT: a:1 freeing invalid memtype [mem 0x${from}-0x${last}]`;

  it("two neighbours, the second one first: the two halves of a mapping whose middle went", () => {
    const lines = [freed("c0001000", "c0001fff"), freed("c0000000", "c0000fff")];
    const { answers } = explained(lines, "6.12");
    expect(answers.map((answer) => answer.lines)).toEqual([[1, 2]]);
    const steps = lastSteps(explained(lines, "6.12"));
    expect(steps.length).toBeGreaterThan(0);
  });

  it("moved and made longer, the lines have the same sequences", () => {
    const here = explained([freed("c0000000", "c0000fff")], "6.12").answers[0]?.sequences;
    const there = explained([freed("9f00000000", "9f3fffffff")], "6.12").answers[0]?.sequences;
    expect(here?.length).toBeGreaterThan(0);
    expect(there).toEqual(here);
  });
});

describe("a release decides", () => {
  it("the refcounted design never frees what is not there: it says that nothing was found", () => {
    const { answers, tried } = explained(
      ["x86/PAT: a:1 freeing invalid memtype [mem 0xc0000000-0xc0000fff]"],
      "7.2",
    );
    expect(tried).toBeGreaterThan(1000);
    expect(answers).toEqual([{ lines: [1], sequences: [] }]);
  });

  it.each([
    ["Linux version 6.12.117+deb12-amd64 (gcc)", ["legacy@6.12"]],
    ["Linux version 6.12.25-generic", ["legacy@6.12.23"]],
    ["Linux version 6.8.0-31-generic", ["legacy@6.6.0"]],
    ["CPU: 0 PID: 9 Comm: gl Not tainted 7.0.4-1-amd64 #1", ["modern@7.0"]],
    ["", ["legacy@6.12", "modern@7.2"]],
  ])("%j is explained with %j", (line, models) => {
    const lines = [line, "BUG: Bad page map in process gl  pte:800000009c5f5225 pmd:7e3e3067"];
    const { models: taken, answers } = explainLog(readExcerpt(lines.join("\n")), baseline, {
      runs: 0,
    });
    expect(taken).toEqual(models);
    expect(answers[0]?.sequences).toEqual([]);
  });
});
