import { describe, expect, it } from "vitest";
import { openBackend } from "../../src/cli/backends.ts";
import { VARIANTS } from "../../src/models.ts";
import type { ModelBackend } from "../../src/model/backend.ts";
import { isModel } from "../../src/cli/backends.ts";
import { SHORT_MODE } from "../../src/pat/cachemode.ts";
import type { Op, Via } from "../../src/trace/op.ts";
import type { Step } from "../../src/trace/recording.ts";
import type { Trace } from "../../src/trace/trace.ts";

const COLUMNS = [
  "legacy",
  "variant:D1",
  "variant:D2",
  "variant:D3",
  "variant:D4",
  "modern",
] as const;
const MORE = ["variant:A", "variant:B-ii"] as const;

function map(pages: number, at = 0, via: Via = "resource", pfn = at): Op {
  return { op: "mmap", proc: 0, at, pages, pfn, via, prot: "rw", private: false };
}
const unmap = (at: number, pages = 1): Op => ({ op: "munmap", proc: 0, at, pages });
const move = (at: number, to: number, pages = 1): Op => ({
  op: "mremap",
  proc: 0,
  at,
  pages,
  newPages: pages,
  to,
});
const exit: Op = { op: "exit", proc: 0 };

function trace(ops: readonly Op[], mtrr: "uncached" | "write-back" = "uncached"): Trace {
  const world = { pfns: 16, vpages: 24, mtrr };
  return { format: "pfndiff/trace@1", name: "row", world, ops: [{ op: "spawn", proc: 0 }, ...ops] };
}

async function model(id: string): Promise<ModelBackend> {
  const backend = await openBackend(id);
  if (!isModel(backend)) throw new Error(`${id} is not a model`);
  return backend;
}

/** The list at the end, `!` where an untrack on the way found nothing. */
function endState(steps: readonly Step[]): string {
  const events = steps.flatMap((step) => step.events);
  const mark = events.some(({ kind }) => kind === "invalid-free") ? "!" : "";
  const entries = (steps.at(-1) as Step).memtype.map(({ start, end }) => `[${start},${end})`);
  return mark + entries.join("");
}

/** The measured end states of KERNEL.md, section 3: legacy, D1, D2, D3, D4, K, A, B1. */
const ROWS: readonly [name: string, ops: Op[], ends: readonly string[]][] = [
  [
    "map 3, head, rest",
    [map(3), unmap(0), unmap(1, 2)],
    ["![0,1)", "![0,1)", "![0,1)", "", "", "", "", ""],
  ],
  [
    "map 3, middle",
    [map(3), unmap(1)],
    ["![0,3)", "![0,3)", "![0,3)", "[0,1)[2,3)", "![0,3)", "[0,3)", "[0,3)", "[0,1)[2,3)"],
  ],
  [
    "map 3, middle, exit",
    [map(3), unmap(1), exit],
    ["![0,2)", "![0,2)", "![0,2)", "", "![1,2)", "", "", ""],
  ],
  [
    "map 3, move head, rest, moved",
    [map(3), move(0, 10), unmap(1, 2), unmap(10)],
    ["![0,3)", "![0,3)", "![0,3)", "![0,3)", "[1,3)", "", "", ""],
  ],
  [
    "map 3, move tail, unmap it, exit",
    [map(3), move(2, 10), unmap(10), exit],
    ["[0,2)", "[0,2)", "[0,2)", "[0,2)", "[0,2)", "", "", ""],
  ],
];

describe("designs end where they were measured to end", () => {
  it.each(ROWS)("%s", async (_name, ops, ends) => {
    const ids = [...COLUMNS, ...MORE];
    const states = await Promise.all(
      ids.map(async (id) => endState((await model(id)).recordSync(trace(ops)).steps)),
    );
    expect(Object.fromEntries(ids.map((id, n) => [id, states[n]]))).toEqual(
      Object.fromEntries(ids.map((id, n) => [id, ends[n]])),
    );
  });

  it("overlapping mappings of Nam Cao's counterexample leak in D1, D2 and D4, not in D3", async () => {
    const ops = [map(2), map(2, 10, "resource", 1), unmap(10), unmap(0, 2), unmap(11)];
    const ends = await Promise.all(
      [...COLUMNS, ...MORE].map(async (id) =>
        endState((await model(id)).recordSync(trace(ops)).steps),
      ),
    );
    expect(ends.map((end) => end === "")).toEqual([
      false,
      false,
      false,
      true,
      false,
      true,
      true,
      true,
    ]);
  });

  it("a tail that was unmapped may be mapped otherwise, except in the merged design", async () => {
    const wb = { ...map(2), via: "devmem" } as Op;
    const ops = [wb, unmap(1), { ...map(1, 10, "devmem_sync", 1) }];
    const results = await Promise.all(
      [...COLUMNS, ...MORE].map(
        async (id) => (await model(id)).recordSync(trace(ops, "write-back")).steps.at(-1)?.result,
      ),
    );
    expect(results.map((result) => result !== undefined && "ok" in result)).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
      true,
      true,
    ]);
  });

  it("a middle that was unmapped is free only where splits are tracked", async () => {
    const ops = [map(3, 0, "devmem"), unmap(1), map(1, 10, "devmem_sync", 1)];
    const results = await Promise.all(
      [...COLUMNS, ...MORE].map(
        async (id) => (await model(id)).recordSync(trace(ops, "write-back")).steps.at(-1)?.result,
      ),
    );
    expect(results.map((result) => result !== undefined && "ok" in result)).toEqual([
      false,
      false,
      false,
      true,
      false,
      false,
      false,
      true,
    ]);
  });

  it("a fork after the first page was copied fails, except in D2 and the refcounted designs", async () => {
    const ops: Op[] = [
      { ...map(2), private: true } as Op,
      { op: "touch", proc: 0, at: 0, write: true },
      { op: "fork", proc: 0, child: 1 },
    ];
    const results = await Promise.all(
      [...COLUMNS, ...MORE].map(
        async (id) => (await model(id)).recordSync(trace(ops)).steps.at(-1)?.result,
      ),
    );
    expect(results.map((result) => result !== undefined && "ok" in result)).toEqual([
      false,
      false,
      true,
      false,
      false,
      true,
      true,
      true,
    ]);
  });

  it("a zapped mapping keeps its mode only where a zap does not untrack", async () => {
    const remap = { call: "remap", off: 0, pages: 0, pfn: 0, mode: "wc" } as const;
    const drv = { op: "drv-mmap", proc: 0, at: 0, pages: 2, off: 0, prot: "rw" } as const;
    const ops: Op[] = [
      { ...drv, private: false, calls: [remap] },
      { op: "drv-zap", proc: 0, off: 0, pages: 1 },
      map(2, 10, "resource", 0),
    ];
    const modes = await Promise.all(
      [...COLUMNS, ...MORE].map(async (id) => {
        const entries = (await model(id)).recordSync(trace(ops)).steps.at(-1)?.memtype ?? [];
        return SHORT_MODE[(entries.at(-1) as { type: keyof typeof SHORT_MODE }).type];
      }),
    );
    expect(modes).toEqual(["UC-", "WC", "WC", "UC-", "UC-", "WC", "WC", "WC"]);
  });
});

describe("variants", () => {
  it("are all known to the command line by name", async () => {
    for (const { name } of VARIANTS)
      expect((await openBackend(`variant:${name}`)).id).toBe(`variant:${name}`);
  });
});
