import { describe, expect, it } from "vitest";
import { worldOf } from "../../../fuzz/explore/bounds.ts";
import { ExploredPair } from "../../../fuzz/explore/pair.ts";
import { StateSet } from "../../../fuzz/explore/stateset.ts";
import { MachineSide } from "../../../src/engine/machineside.ts";
import type { ModelBackend } from "../../../src/model/backend.ts";
import type { Op, Via } from "../../../src/trace/op.ts";
import { MODELS } from "../../models.ts";

const world = worldOf({ procs: 2, slots: 2, pages: 3, depth: 6 });
const pair = new ExploredPair(
  new MachineSide(MODELS["6.12"] as ModelBackend),
  new MachineSide(MODELS["7.2"] as ModelBackend),
  true,
);

function stateAfter(...ops: Op[]): string {
  pair.reset(world);
  for (const op of ops) pair.apply(op);
  pair.rehash();
  return `${pair.high}:${pair.low}`;
}

const spawn = (proc: number): Op => ({ op: "spawn", proc });
const exit = (proc: number): Op => ({ op: "exit", proc });
const unmap = (proc: number, at: number, pages: number): Op => ({ op: "munmap", proc, at, pages });
const split = (proc: number): Op => ({ op: "mprotect", proc, at: 0, pages: 1, prot: "r" });

function map(proc: number, over: { at?: number; pfn?: number; via?: Via; private?: boolean } = {}) {
  const { at = 0, pfn = 0, via = "resource" } = over;
  return {
    op: "mmap",
    proc,
    at,
    pages: 2,
    pfn,
    via,
    prot: "rw",
    private: over.private ?? false,
  } as const;
}

describe("states that are one up to renaming have one hash", () => {
  it("processes", () => {
    const one = stateAfter(spawn(0), spawn(1), map(0), split(0));
    expect(stateAfter(spawn(0), spawn(1), map(1), split(1))).toBe(one);
    expect(stateAfter(spawn(0), spawn(1), exit(0), spawn(2), map(2), split(2))).toBe(one);
  });

  it("the two cache modes", () => {
    const one = stateAfter(spawn(0), map(0), map(0, { at: 3, pfn: 1, via: "resource_wc" }));
    const two = stateAfter(
      spawn(0),
      map(0, { via: "resource_wc" }),
      map(0, { at: 3, pfn: 1, via: "resource" }),
    );
    expect(two).toBe(one);
  });

  it("a process that has left nothing behind was never there", () => {
    expect(stateAfter(spawn(0), spawn(1), exit(1))).toBe(stateAfter(spawn(0)));
  });
});

describe("states with another future have another hash", () => {
  const base = [spawn(0), map(0)];
  it.each([
    ["another pfn", [spawn(0), map(0, { pfn: 1 })]],
    ["another area: exit and fork walk by address", [spawn(0), map(0, { at: 3 })]],
    ["private", [spawn(0), map(0, { private: true })]],
    ["split", [...base, split(0)]],
    ["dontfork", [...base, { op: "madvise", proc: 0, at: 0, pages: 2, advice: "dontfork" }]],
    ["a second holder", [...base, { op: "fork", proc: 0, child: 1 }]],
    ["an idle process", [...base, spawn(1)]],
    ["a finding", [...base, unmap(0, 0, 1)]],
  ] as [string, Op[]][])("%s", (_, ops) => {
    expect(stateAfter(...ops)).not.toBe(stateAfter(...base));
  });

  it("a copied page, and what a reservation outlived", () => {
    const isPrivate = map(0, { private: true });
    const touched = stateAfter(spawn(0), isPrivate, { op: "touch", proc: 0, at: 0, write: true });
    expect(touched).not.toBe(stateAfter(spawn(0), isPrivate));
    const leaked = stateAfter(spawn(0), map(0), unmap(0, 0, 1), unmap(0, 1, 1));
    expect(leaked).not.toBe(stateAfter(spawn(0)));
  });
});

describe("the set of states", () => {
  it("holds what was added, through growth, and says what is new", () => {
    const set = new StateSet(2 ** 24);
    const word = (n: number) => Math.imul(n, 0x9e3779b1) >>> 0;
    const add = () => Array.from({ length: 50_000 }, (_, n) => set.add(word(n), word(n * 7)));
    expect(add().every((isNew) => isNew)).toBe(true);
    expect(add().some((isNew) => isNew)).toBe(false);
    expect(set.size).toBe(50_000);
  });
});
