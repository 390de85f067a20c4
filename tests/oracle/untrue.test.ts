import { describe, expect, test } from "vitest";
import type { Op } from "../../src/trace/op.ts";
import type { Recording, Step } from "../../src/trace/recording.ts";
import { map, move, munmap, record, scene, shrink, spawn, symptoms } from "./scenes.ts";

const WC = { via: "resource_wc" } as const;

/** A sound recording of some ops that is said to be one of others, which have all succeeded. */
function answered(ops: readonly Op[], did: readonly Op[]): Recording {
  const recording = record("6.18", scene(did));
  const steps = recording.steps.map((step) => ({ ...step, result: { ok: true } as const }));
  return { ...recording, trace: scene(ops), steps };
}

/** The same as a kernel shows it that does not tell of page tables. */
function withoutModes(recording: Recording): Recording {
  const plain = ({ vmas }: Step): Step["vmas"] =>
    Object.fromEntries(
      Object.entries(vmas).map(([proc, list]) => [
        proc,
        list.map(({ modes: _unshown, ...vma }) => vma),
      ]),
    );
  return { ...recording, steps: recording.steps.map((step) => ({ ...step, vmas: plain(step) })) };
}

describe("an op that did something else than it answered is told, and followed", () => {
  const two = [spawn(), map(0, 2, 0)];
  const untrue = (op: string, step: number) => `${step} errno:${op}-untrue`;
  const four = [spawn(), map(0, 4, 0)];
  test.each([
    {
      title: "mmap() of nothing",
      ops: two,
      did: [spawn(), munmap(8, 1)],
      told: [untrue("mmap", 1)],
    },
    {
      title: "mmap() of other pfns",
      ops: two,
      did: [spawn(), map(0, 2, 4)],
      told: [untrue("mmap", 1)],
    },
    { title: "mmap() of less", ops: two, did: [spawn(), map(0, 1, 0)], told: [untrue("mmap", 1)] },
    {
      title: "mmap() of the tail",
      ops: two,
      did: [spawn(), map(1, 1, 1)],
      told: [untrue("mmap", 1)],
    },
    {
      title: "munmap() of less",
      ops: [spawn(), map(0, 6, 0), munmap(0, 4)],
      did: [spawn(), map(0, 6, 0), munmap(1, 2)],
      told: ["2 over-retention:unmap-head", untrue("munmap", 2)],
    },
    {
      title: "a shrink to less",
      ops: [...four, shrink(0, 4, 2)],
      did: [...four, shrink(0, 4, 1)],
      told: ["2 over-retention:shrink", untrue("mremap", 2)],
    },
    {
      title: "munmap() of nothing: what stays has its reservation's mode",
      ops: [spawn(), map(0, 2, 0, WC), munmap(0, 2), map(4, 1, 0)],
      did: [spawn(), map(0, 2, 0, WC), munmap(8, 1), map(4, 1, 0)],
      told: [untrue("munmap", 2)],
    },
  ])("$title", ({ ops, did, told }) => {
    const recording = answered(ops, did);
    expect(symptoms(recording)).toEqual(told);
    expect(symptoms(withoutModes(recording))).toEqual(told);
  });

  test("a move takes from its target what is seen to have gone from there", () => {
    const ops = [spawn(), map(0, 2, 0), map(8, 2, 4)];
    expect(symptoms(answered([...ops, move(0, 2, 8)], [...ops, munmap(8, 1)]))).toEqual([
      "3 over-retention:unmap-head",
    ]);
  });
});

describe("a reservation that reaches out of the region", () => {
  const recording = record("7.2", scene([spawn(), map(0, 2, 4), munmap(0, 1)]));
  const withOne = (start: number, end: number): Recording => ({
    ...recording,
    steps: recording.steps.map((step, at) =>
      at === 0
        ? step
        : { ...step, memtype: [...step.memtype, { start, end, type: "uncached-minus" }] },
    ),
  });

  test.each([
    [-2, 3],
    [14, 40],
    [20, 40],
  ])("from %d to %d is told as one that nobody can free", (start, end) => {
    expect(symptoms(withOne(start, end))).toContain("1 leak:mmap");
  });

  test("from before it up to it is none of its own", () => {
    expect(symptoms(withOne(-2, 0))).toEqual(symptoms(recording));
  });
});
