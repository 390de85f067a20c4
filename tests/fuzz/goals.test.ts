import { describe, expect, test } from "vitest";
import { GOALS, type Goal, goalBit, goalsIn, goalsReached } from "../../fuzz/goals.ts";
import type { ModelBackend } from "../../src/model/backend.ts";
import type { Op } from "../../src/trace/op.ts";
import { MODELS } from "../models.ts";
import { readRecordings, recordingFiles } from "../recordings.ts";
import { traceOf } from "./toy.ts";

const legacy = MODELS["6.12"] as ModelBackend;
const modern = MODELS["6.18"] as ModelBackend;

function reached(model: ModelBackend, ops: readonly Op[]): Goal[] {
  const trace = traceOf([{ op: "spawn", proc: 0 }, ...ops]);
  return goalsIn(goalsReached(model.recordSync(trace)));
}

const map = (at: number, pages: number, over: object = {}): Op => ({
  op: "mmap",
  proc: 0,
  at,
  pages,
  pfn: at,
  via: "resource",
  prot: "rw",
  private: false,
  ...over,
});
const unmap = (at: number, pages: number): Op => ({ op: "munmap", proc: 0, at, pages });
const protect = (at: number, pages: number): Op => ({
  op: "mprotect",
  proc: 0,
  at,
  pages,
  prot: "r",
});
const move = (at: number, pages: number, to: number): Op => ({
  op: "mremap",
  proc: 0,
  at,
  pages,
  newPages: pages,
  to,
});
const shrinkTo = (at: number, pages: number, newPages: number): Op => ({
  op: "mremap",
  proc: 0,
  at,
  pages,
  newPages,
});
const write: Op = { op: "touch", proc: 0, at: 4, write: true };
const fork: Op = { op: "fork", proc: 0, child: 1 };

/** What reaches each goal, and what looks much the same and does not. */
const SCENARIOS: readonly { title: string; ops: readonly Op[]; goals: readonly Goal[] }[] = [
  { title: "mapping and unmapping a whole", ops: [map(4, 4), unmap(4, 4)], goals: [] },
  { title: "a change of protection in part", ops: [map(4, 4), protect(4, 1)], goals: ["split"] },
  { title: "a change of protection of all", ops: [map(4, 4), protect(4, 4)], goals: [] },
  { title: "unmapping the head", ops: [map(4, 4), unmap(4, 1)], goals: ["munmap-head"] },
  { title: "unmapping the middle", ops: [map(4, 4), unmap(5, 2)], goals: ["munmap-middle"] },
  { title: "unmapping the tail", ops: [map(4, 4), unmap(7, 1)], goals: ["munmap-tail"] },
  { title: "unmapping a hole", ops: [map(4, 4), unmap(8, 4)], goals: [] },
  { title: "shrinking in place", ops: [map(4, 4), shrinkTo(4, 4, 2)], goals: ["mremap-shrink"] },
  { title: "growing, which fails", ops: [map(4, 4), shrinkTo(4, 4, 5)], goals: [] },
  { title: "moving a whole", ops: [map(4, 4), move(4, 4, 12)], goals: ["move-whole"] },
  { title: "moving a piece", ops: [map(4, 4), move(5, 2, 12)], goals: ["move-piece"] },
  { title: "moving over itself, which fails", ops: [map(4, 4), move(4, 4, 5)], goals: [] },
  { title: "forking an unsplit mapping", ops: [map(4, 4), fork], goals: [] },
  {
    title: "forking a split mapping",
    ops: [map(4, 4), protect(4, 1), fork],
    goals: ["split", "fork-split"],
  },
  {
    title: "forking what is left of a split mapping",
    ops: [map(4, 4), protect(4, 1), unmap(4, 1), fork],
    goals: ["split"],
  },
  {
    title: "forking two mappings that only lie side by side",
    ops: [map(4, 2), map(6, 2), fork],
    goals: [],
  },
  {
    title: "a mapping of another mode over two",
    ops: [map(0, 2, { via: "resource_wc" }), map(2, 2), map(8, 4, { pfn: 0, via: "resource_wc" })],
    goals: ["mmap-refused"],
  },
  { title: "mapping over a mapping", ops: [map(4, 4), map(6, 4)], goals: ["mmap-replaces"] },
  { title: "mapping beside a mapping", ops: [map(4, 4), map(8, 4)], goals: [] },
  {
    title: "writing to the first page of a private mapping",
    ops: [map(4, 4, { private: true }), write],
    goals: ["cow-first"],
  },
  {
    title: "writing to the second page of a private mapping",
    ops: [map(3, 4, { private: true }), write],
    goals: [],
  },
  { title: "writing to a shared mapping", ops: [map(4, 4), write], goals: [] },
  {
    title: "writing where only reading is allowed",
    ops: [map(4, 4, { private: true, prot: "r" }), write],
    goals: [],
  },
];

describe("goals", () => {
  for (const { title, ops, goals } of SCENARIOS) {
    test(`${title} reaches ${goals.join(" and ") || "none"} on both sides`, () => {
      expect(reached(legacy, ops)).toEqual(goals);
      expect(reached(modern, ops)).toEqual(goals);
    });
  }

  test("fork fails after the first page was copied, on the before side only", () => {
    const ops = [map(4, 4, { private: true }), write, fork];
    expect(reached(legacy, ops)).toEqual(["fork-fails", "cow-first"]);
    expect(reached(modern, ops)).toEqual(["cow-first"]);
  });

  test("an op on a process that is not alive reaches none", () => {
    const dead = { proc: 5 };
    expect(reached(legacy, [map(4, 4, dead), { ...fork, ...dead }])).toEqual([]);
  });

  test("a side that has lost track of a mapping reaches none with it", () => {
    const ops = [map(4, 4), move(4, 1, 12), unmap(7, 1)];
    expect(reached(legacy, ops)).toEqual(["move-piece"]);
    expect(reached(modern, ops)).toEqual(["munmap-tail", "move-piece"]);
  });

  test("a fork that is told to fail reaches none", () => {
    const fault = { at: "vma", nth: 1 } as const;
    expect(reached(modern, [map(4, 4), { ...fork, fault }])).toEqual([]);
    expect(reached(modern, [map(4, 4), { ...fork, late: true }])).toEqual([]);
  });

  test("the recordings of a real kernel of each design reach what its design can", () => {
    for (const name of recordingFiles()) {
      const recordings = readRecordings(name);
      const set = recordings.reduce((all, one) => all | goalsReached(one), 0);
      const missed = GOALS.filter((goal) => (set & goalBit(goal)) === 0);
      // No recorded trace writes to the first page of a private mapping and then forks.
      expect([name, missed.filter((goal) => goal !== "fork-fails")]).toEqual([name, []]);
    }
  });
});
