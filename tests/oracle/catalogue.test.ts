import { describe, expect, test } from "vitest";
import type { Op } from "../../src/trace/op.ts";
import type { Mtrr } from "../../src/trace/trace.ts";
import {
  exit,
  fork,
  judgeOn,
  map,
  move,
  mprotect,
  munmap,
  scene,
  shrink,
  signatures,
  spawn,
  write,
} from "./scenes.ts";

interface Entry {
  readonly title: string;
  readonly ops: readonly Op[];
  readonly mtrr?: Mtrr;
  readonly expected: readonly string[];
}

const WB = { via: "devmem" } as const;
const UC_MINUS = { via: "devmem_sync" } as const;
const WC = { via: "resource_wc" } as const;
const ofOne = { proc: 1 } as const;

const CATALOGUE: readonly Entry[] = [
  {
    title: "a partial munmap, head first",
    ops: [spawn(), map(0, 2, 0), munmap(0, 1), munmap(1, 1)],
    expected: [
      "fixed:double-untrack:unmap-head",
      "fixed:leak:unmap-head",
      "kept:over-retention:unmap-head",
    ],
  },
  {
    title: "a munmap of the middle",
    ops: [spawn(), map(0, 3, 0), munmap(1, 1), exit()],
    expected: [
      "fixed:double-untrack:unmap-middle",
      "fixed:leak:unmap-middle",
      "kept:over-retention:unmap-middle",
    ],
  },
  {
    title: "MAP_FIXED over the head, which is an unmap of the head",
    ops: [spawn(), map(0, 2, 0), map(0, 1, 8), exit()],
    expected: [
      "fixed:double-untrack:unmap-head",
      "fixed:leak:unmap-head",
      "kept:over-retention:unmap-head",
    ],
  },
  {
    title: "a split, then a munmap of the whole",
    ops: [spawn(), map(0, 2, 0), mprotect(0, 1), munmap(0, 2)],
    expected: ["fixed:double-untrack:split", "fixed:leak:split"],
  },
  {
    title: "the same twice, where the second time is silent",
    ops: [
      spawn(),
      map(0, 2, 0),
      mprotect(0, 1),
      munmap(0, 2),
      map(0, 2, 0),
      mprotect(0, 1),
      munmap(0, 2),
    ],
    expected: ["fixed:double-untrack:split", "fixed:leak:split"],
  },
  {
    title: "an untrack that matches another owner's end",
    ops: [spawn(), map(0, 2, 0), map(4, 2, 1), munmap(4, 1), munmap(0, 2), munmap(5, 1)],
    expected: [
      "fixed:double-untrack:end-match",
      "fixed:leak:end-match",
      "fixed:wrong-owner-untrack:end-match",
      "kept:over-retention:unmap-head",
    ],
  },
  {
    title: "the same between two processes",
    ops: [spawn(), spawn(1), map(0, 4, 0), map(0, 3, 1, ofOne), munmap(2, 1, 1), exit(), exit(1)],
    expected: [
      "fixed:double-untrack:end-match",
      "fixed:leak:end-match",
      "fixed:wrong-owner-untrack:end-match",
      "kept:over-retention:unmap-tail",
    ],
  },
  {
    title: "an untrack that equals another owner's reservation",
    ops: [spawn(), spawn(1), map(0, 4, 0), map(0, 2, 2, ofOne), munmap(2, 2)],
    expected: ["fixed:wrong-owner-untrack:equal-match"],
  },
  {
    title: "what follows for both of them",
    ops: [spawn(), spawn(1), map(0, 4, 0), map(0, 2, 2, ofOne), munmap(2, 2), exit(), exit(1)],
    expected: [
      "fixed:double-untrack:equal-match",
      "fixed:leak:equal-match",
      "fixed:wrong-owner-untrack:equal-match",
    ],
  },
  {
    title: "a move of the tail, which says nothing",
    ops: [spawn(), map(0, 2, 0), move(1, 1, 4), exit()],
    expected: ["fixed:leak:move-tail"],
  },
  {
    title: "a move of the head",
    ops: [spawn(), map(0, 2, 0), move(0, 1, 4), exit()],
    expected: ["fixed:double-untrack:move-head", "fixed:leak:move-head"],
  },
  {
    title: "a moved head, then a fork",
    ops: [spawn(), map(0, 2, 0), move(0, 1, 4), fork(1), exit(), exit(1)],
    expected: [
      "fixed:double-untrack:move-head",
      "fixed:leak:move-head",
      "fixed:wrong-owner-untrack:equal-match",
    ],
  },
  {
    title: "a fork after the first page was copied",
    ops: [spawn(), map(0, 1, 0, { private: true }), write(0), fork(1), exit()],
    expected: ["fixed:refused:cow-head", "kept:over-retention:cow"],
  },
  {
    title: "a fork of a split mapping, the child gone first",
    ops: [spawn(), map(0, 2, 0), mprotect(0, 1), fork(1), exit(1), exit()],
    expected: ["fixed:double-untrack:split", "fixed:leak:split"],
  },
  {
    title: "a leak that refuses",
    mtrr: "write-back",
    ops: [spawn(), map(0, 2, 0, WB), munmap(0, 1), munmap(1, 1), map(0, 1, 0, UC_MINUS)],
    expected: [
      "fixed:double-untrack:unmap-head",
      "fixed:leak:unmap-head",
      "fixed:refused:leaked",
      "kept:over-retention:unmap-head",
    ],
  },
  {
    title: "a retained tail that refuses",
    mtrr: "write-back",
    ops: [spawn(), map(0, 2, 0, WB), munmap(1, 1), map(4, 1, 1, UC_MINUS)],
    expected: ["introduced:over-retention:unmap-tail", "introduced:refused:retained"],
  },
  {
    title: "a retained tail that gives its cache mode",
    ops: [spawn(), map(0, 2, 0), munmap(1, 1), map(4, 1, 1, WC)],
    expected: ["introduced:over-retention:unmap-tail", "introduced:stale-memtype:retained"],
  },
  {
    title: "a mapping replaced by one of another cache mode, still reserved meanwhile",
    ops: [spawn(), map(0, 2, 0), map(0, 2, 0, WC)],
    expected: ["introduced:stale-memtype:replace"],
  },
  {
    title: "a shrinking mremap",
    ops: [spawn(), map(0, 2, 0), shrink(0, 2, 1), exit()],
    expected: ["introduced:over-retention:shrink"],
  },
  {
    title: "a move of several VMAs at once",
    ops: [spawn(), map(0, 1, 0), move(0, 2, 4)],
    expected: ["changed:errno:mremap-EFAULT-to-ok"],
  },
  {
    title: "a failing mremap that has unmapped its target on one side",
    ops: [
      spawn(),
      map(0, 2, 0, { private: true }),
      { op: "mremap", proc: 0, at: 1, pages: 0, newPages: 1, to: 0 } as const,
    ],
    expected: [
      "changed:errno:mremap-EINVAL-effect",
      "parted:double-untrack:unmap-head",
      "parted:over-retention:unmap-head",
    ],
  },
];

describe("each entry of the catalogue has its own symptoms and cause", () => {
  test.each(CATALOGUE)("$title", ({ ops, mtrr, expected }) => {
    expect(signatures(judgeOn(scene(ops, mtrr)))).toEqual(expected);
  });

  test("what both designs do right is silent", () => {
    const ops = [spawn(), map(0, 2, 0), move(0, 2, 4), fork(1), munmap(4, 2), exit(1), exit()];
    expect(judgeOn(scene(ops)).findings).toEqual([]);
  });
});
