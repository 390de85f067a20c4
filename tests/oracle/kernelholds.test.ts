import { describe, expect, test } from "vitest";
import type { Op } from "../../src/trace/op.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { exit, map, munmap, scene, shown, spawn } from "./scenes.ts";

const wc = { via: "resource_wc" } as const;
const reserve = (pfn: number, pages: number): Op => ({
  op: "reserve-memtype-wc",
  proc: 0,
  pfn,
  pages,
});
const free = (pfn: number, pages: number, proc = 0): Op => ({
  op: "free-memtype-wc",
  proc,
  pfn,
  pages,
});
const setMemory = (pfn: number, pages: number, mode: "wb" | "wc" | "uc", rest = {}): Op => ({
  op: "set-memory",
  proc: 0,
  pfn,
  pages,
  mode,
  ...rest,
});

/** What both designs show alike, as `step symptom:cause`. */
function kept(trace: Trace): string[] {
  const of = (side: string) => {
    const found = shown("6.12", "7.2", trace).filter((line) => line.endsWith(`(${side})`));
    return found.map((line) => line.replace(`kept:`, "").replace(` (${side})`, ""));
  };
  expect(of("before")).toEqual(of("after"));
  return of("after");
}

describe("what the kernel has reserved without mapping it", () => {
  test("gives later mappings its mode, until it is given back, and is nobody's leak", () => {
    const ops = [spawn(), reserve(0, 4), map(0, 2, 0), map(4, 2, 0, wc), munmap(0, 2), exit()];
    expect(kept(scene(ops))).toEqual([]);
    const after = [spawn(1), free(0, 4, 1), map(0, 2, 0, { proc: 1 }), exit(1)];
    expect(kept(scene([...ops, ...after]))).toEqual([]);
  });

  test("goes by the range that it came with, where several overlap", () => {
    const both = [spawn(), reserve(0, 4), reserve(2, 4)];
    expect(kept(scene([...both, free(2, 4), map(0, 2, 4), map(2, 2, 0, wc), exit()]))).toEqual([]);
    expect(kept(scene([...both, free(0, 4), map(0, 2, 0), map(2, 2, 4, wc), exit()]))).toEqual([]);
  });

  test("keeps the mode that it was reserved in, where memremap_pages() maps another", () => {
    const first: Op = { op: "memremap", proc: 0, slot: 1, mode: "wt", pfn: 3, pages: 6 };
    const added = { proc: 0, slot: 1 } as const;
    const ops: Op[] = [
      spawn(),
      first,
      { op: "memremap-pages", ...added, type: "p2pdma", pfn: 0, pages: 512 },
      { op: "memunmap-pages", ...added },
    ];
    const trace = scene(ops);
    const world = { ...trace.world, pfns: 512 };
    // The kernel warns, and maps another mode than the first mapping has; no more is wrong.
    const said = ["2 warning:memremap-pages", "2 alias:memremap-pages"];
    expect(kept({ ...trace, world })).toEqual(said);
  });

  test("is not given back by a call that is refused, or that is of RAM", () => {
    const ram = { ram: true as const };
    const ofRam = [setMemory(0, 4, "wc", ram), setMemory(0, 4, "wb", ram)];
    for (const between of [[setMemory(0, 4, "wb")], ofRam]) {
      const ops = [spawn(), reserve(0, 4), ...between, map(0, 2, 0), exit()];
      expect(kept(scene(ops))).toEqual([]);
    }
  });

  test("is not given back by another range, nor where there is none", () => {
    const ops = [spawn(), free(0, 4), reserve(0, 4), free(0, 3), free(1, 2), map(0, 1, 0), exit()];
    expect(kept(scene(ops))).toEqual([
      "1 double-untrack:free-memtype-wc",
      "3 double-untrack:free-memtype-wc",
      "4 double-untrack:free-memtype-wc",
    ]);
  });

  test("by set_memory_uc() is its own, beside the mapping that memremap_pages() has made", () => {
    const small = scene([
      spawn(),
      { op: "memremap-pages", proc: 0, slot: 0, type: "p2pdma", pfn: 0, pages: 512 },
      setMemory(0, 4, "wc"),
      setMemory(0, 4, "uc"),
      setMemory(2, 4, "uc"),
      map(0, 2, 0),
      setMemory(0, 4, "wb"),
      { op: "memunmap-pages", proc: 0, slot: 0 },
      exit(),
    ]);
    const world = { ...small.world, pfns: 1024 };
    expect(kept({ ...small, world })).toEqual([]);
    const ops = small.ops.toSpliced(6, 0, setMemory(0, 3, "wb"));
    expect(kept({ ...small, world, ops })).toEqual(["6 double-untrack:set-memory"]);
  });
});
