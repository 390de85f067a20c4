import { describe, expect, test } from "vitest";
import { IncomparableError, judge, judgeSide } from "../../src/oracle/judge.ts";
import type { Recording, Step } from "../../src/trace/recording.ts";
import {
  driver,
  exit,
  fork,
  judgeOn,
  map,
  munmap,
  record,
  remap,
  scene,
  signatures,
  spawn,
  write,
} from "./scenes.ts";

const partialUnmap = scene([spawn(), map(0, 2, 0), munmap(1, 1), munmap(0, 1)]);

describe("recordings are compared whole or not at all", () => {
  const whole = record("6.18", partialUnmap);

  test("a recording that lacks a step is refused", () => {
    const short: Recording = { ...whole, steps: whole.steps.slice(0, -1) };
    expect(() => judge(whole, short)).toThrow(IncomparableError);
    expect(() => judgeSide(short, "before")).toThrow("3 steps for 4 ops");
  });

  test("recordings of different ops are refused", () => {
    const other = record("6.18", scene([spawn(), map(0, 2, 0), munmap(1, 1), exit()]));
    expect(() => judge(whole, other)).toThrow(IncomparableError);
    expect(() => judge(whole, other)).toThrow("not recordings of the same trace");
  });

  test("recordings of different worlds are refused", () => {
    const trace = { ...whole.trace, world: { ...whole.trace.world, pfns: 17 } };
    expect(() => judge(whole, { ...whole, trace })).toThrow(IncomparableError);
  });
});

describe("the first difference", () => {
  const first = (change: (step: Step) => Step) => {
    const whole = record("6.18", partialUnmap);
    const steps = whole.steps.map((step, index) => (index === 2 ? change(step) : step));
    return judge(whole, { ...whole, steps }).firstDifference;
  };

  test("is null between equal recordings", () => {
    expect(first((step) => structuredClone(step))).toBeNull();
  });

  test("leaves out what only one design or a model shows", () => {
    expect(
      first(({ contexts: _modelOnly, ...step }) => ({
        ...step,
        vmas: { "0": step.vmas["0"]?.map((vma) => ({ ...vma, pat: true })) ?? [] },
      })),
    ).toBeNull();
  });

  test("is where the tail is kept reserved on one side", () => {
    expect(judgeOn(partialUnmap).firstDifference).toBe(2);
  });
});

describe("over-retention is measured", () => {
  const wc = { via: "resource_wc" } as const;

  test("in page-ops, for as long as the page is kept", () => {
    const ops = [spawn(), map(0, 3, 0), munmap(1, 2), write(0), write(0), munmap(0, 1)];
    const { retention } = judgeOn(scene(ops));
    expect(retention.before).toEqual({ pageOps: 0, refused: 0, changed: 0, mappings: 1 });
    expect(retention.after).toEqual({ pageOps: 6, refused: 0, changed: 0, mappings: 1 });
  });

  test("in the later mappings that it changed or refused", () => {
    const changed = scene([spawn(), map(0, 2, 0), munmap(1, 1), map(4, 1, 1, wc)]);
    expect(judgeOn(changed).retention.after.changed).toBe(1);
    const refused = scene(
      [
        spawn(),
        map(0, 2, 0, { via: "devmem" }),
        munmap(1, 1),
        map(4, 1, 1, { via: "devmem_sync" }),
      ],
      "write-back",
    );
    expect(judgeOn(refused).retention.after.refused).toBe(1);
  });

  test("beside the mappings that were made: not refused ones, a child's as its own", () => {
    const ops = [
      spawn(),
      map(0, 2, 0, { via: "devmem" }),
      map(4, 1, 1, { via: "devmem_sync" }),
      map(6, 1, 3),
      driver(8, 2, { calls: [remap(5)] }),
      munmap(6, 1),
      fork(1),
    ];
    const { before, after } = judgeOn(scene(ops, "write-back")).retention;
    expect([before.mappings, after.mappings]).toEqual([5, 5]);
  });

  test("and ends when another mapping takes the page", () => {
    const ops = [spawn(), map(0, 2, 0), munmap(1, 1), map(4, 1, 1), write(4)];
    expect(judgeOn(scene(ops)).retention.after.pageOps).toBe(1);
  });
});

describe("sides that part", () => {
  const cowFork = [spawn(), map(0, 1, 0, { private: true }), write(0), fork(1)];

  test("are not compared until their states are equal again", () => {
    const ops = [...cowFork, write(0, 1), exit(1), exit()];
    const judged = judgeOn(scene(ops));
    expect(judged.notComparable).toBe(2);
    expect(signatures(judged)).toEqual(["fixed:refused:cow-head", "kept:over-retention:cow"]);
  });

  test("say so in what is found meanwhile", () => {
    const ops = [...cowFork, map(8, 2, 8), munmap(9, 1)];
    const found = judgeOn(scene(ops)).findings.find((finding) => finding.step === 5);
    expect(found).toMatchObject({ symptom: "over-retention", side: "after", parted: true });
  });
});

test("a finding says in one sentence what it saw, with its numbers", () => {
  const [finding] = judgeOn(partialUnmap).findings;
  if (finding === undefined) throw new Error("there is a finding");
  expect(finding.detail).toBe("pfn 1 is mapped by nobody and stays reserved by [0, 2) UC-");
});

test("a difference of answers names both, whichever side succeeds", () => {
  const trace = scene([spawn(), map(0, 2, 0), { op: "mseal", proc: 0, at: 0, pages: 2 }]);
  const details = (before: string, after: string) =>
    judgeOn(trace, before, after).findings.map(({ detail }) => detail);
  expect(details("6.1", "7.2")).toEqual(["mseal returned ENOSYS before, ok after"]);
  expect(details("7.2", "6.1")).toEqual(["mseal returned ok before, ENOSYS after"]);
});
