import type { Op } from "../src/trace/op.ts";
import type { Trace, World } from "../src/trace/trace.ts";
import type { Differential } from "./differential.ts";
import { GOALS, type Goal, type GoalSet, goalBit } from "./goals.ts";
import type { LeftOut } from "./summary.ts";

const WORLD: World = { pfns: 8, vpages: 12, mtrr: "uncached" };
/** One mapping of four pages, and two that meet beside it in other modes. */
const MAP = { op: "mmap", proc: 0, at: 0, pages: 4, pfn: 0, via: "resource", prot: "rw" } as const;
const SHARED: Op = { ...MAP, private: false };
const PRIVATE: Op = { ...MAP, private: true };
const FORK: Op = { op: "fork", proc: 0, child: 1 };
const SPLIT: Op = { op: "mprotect", proc: 0, at: 1, pages: 2, prot: "r" };
const WRITE: Op = { op: "touch", proc: 0, at: 0, write: true };

const unmap = (at: number, pages: number): Op => ({ op: "munmap", proc: 0, at, pages });
const remap = (at: number, pages: number, newPages: number, to?: number): Op => {
  const op = { op: "mremap", proc: 0, at, pages, newPages } as const;
  return to === undefined ? op : { ...op, to };
};

/** Ways to a goal, which every campaign draws often, and what they are in words. */
interface Ways {
  readonly what: string;
  readonly ways: readonly (readonly Op[])[];
}

const WAYS: Readonly<Record<Goal, Ways>> = {
  split: { what: "mprotect() of the middle of a mapping", ways: [[SHARED, SPLIT]] },
  "munmap-head": { what: "munmap() of a head", ways: [[SHARED, unmap(0, 1)]] },
  "munmap-middle": { what: "munmap() of a middle", ways: [[SHARED, unmap(1, 2)]] },
  "munmap-tail": { what: "munmap() of a tail", ways: [[SHARED, unmap(3, 1)]] },
  "mremap-shrink": { what: "a shrinking mremap()", ways: [[SHARED, remap(0, 4, 2)]] },
  "move-whole": { what: "mremap() of a mapping", ways: [[SHARED, remap(0, 4, 4, 6)]] },
  "move-piece": { what: "mremap() of a piece", ways: [[SHARED, remap(1, 2, 2, 6)]] },
  "fork-split": { what: "a fork after mprotect()", ways: [[SHARED, SPLIT, FORK]] },
  "fork-fails": {
    what: "a fork of a mapping as it is, in pieces, moved, or with its first page copied",
    ways: [
      [PRIVATE, WRITE, FORK],
      [SHARED, FORK],
      [SHARED, SPLIT, FORK],
      [SHARED, remap(0, 4, 4, 6), FORK],
    ],
  },
  "mmap-refused": {
    what: "a mapping across two of different modes",
    ways: [
      [
        SHARED,
        { ...MAP, at: 4, pfn: 4, via: "resource_wc", private: false },
        { ...MAP, at: 8, pfn: 2, private: false },
      ],
    ],
  },
  "mmap-replaces": { what: "a second mapping over the first", ways: [[SHARED, SHARED]] },
  "cow-first": { what: "a write to a private mapping's first page", ways: [[PRIVATE, WRITE]] },
};

function traceOf(name: string, ops: readonly Op[]): Trace {
  const all: Op[] = [{ op: "spawn", proc: 0 }, ...ops];
  return { format: "pfndiff/trace@1", name, world: WORLD, ops: all };
}

async function isReached(goal: Goal, show: Differential, seen: { set: GoalSet }): Promise<boolean> {
  for (const ops of WAYS[goal].ways) {
    if ((seen.set & goalBit(goal)) !== 0) return true;
    const { goals } = await show(traceOf(goal, ops));
    seen.set |= goals;
  }
  return (seen.set & goalBit(goal)) !== 0;
}

/**
 * The goals that neither side of a pair reaches where a short trace leads straight to them: no
 * campaign is held to these. What a design can do is seen from what it does, whoever wrote it.
 */
export async function goalsBeyond(show: Differential): Promise<LeftOut[]> {
  const seen = { set: 0 };
  const beyond: LeftOut[] = [];
  for (const goal of GOALS) {
    if (await isReached(goal, show, seen)) continue;
    beyond.push({ goal, why: `neither side reaches it by ${WAYS[goal].what}` });
  }
  return beyond;
}

/** The goals are about what system calls do to mappings; drivers' traces are held to none. */
export const BESIDE_DRIVERS: readonly LeftOut[] = GOALS.map((goal) => ({
  goal,
  why: "traces of drivers are held to none",
}));
