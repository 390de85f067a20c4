import { describe, expect, it } from "vitest";
import { ABSENT, compareSteps, differences } from "../src/compare.ts";
import { type Recording, recordingSchema, type Step } from "../src/trace/recording.ts";

const paths = (expected: unknown, actual: unknown) =>
  differences(expected, actual).map(({ path }) => path);

describe("the comparator refuses", () => {
  it.each<[what: string, expected: unknown, actual: unknown, path: string]>([
    ["absent for false", {}, { pat: false }, "pat"],
    ["absent for undefined", {}, { pat: undefined }, "pat"],
    ["false for undefined", { pat: false }, { pat: undefined }, "pat"],
    ["null for undefined", { pat: null }, { pat: undefined }, "pat"],
    ["another order", [1, 2], [2, 1], "[0]"],
    ["a longer list", [1], [1, 2], "[1]"],
    ["a shorter list", { a: [{ b: 1 }] }, { a: [] }, "a[0]"],
    ["a list for an object", { a: [] }, { a: {} }, "a"],
    ["an object for a list's keys", ["x"], { 0: "x" }, ""],
    ["a text for its number", { a: "1" }, { a: 1 }, "a"],
    ["-0 for 0", { a: 0 }, { a: -0 }, "a"],
    [
      "an extra field deep down",
      { a: { b: [{ c: 1 }] } },
      { a: { b: [{ c: 1, d: 2 }] } },
      "a.b[0].d",
    ],
  ])("%s", (_what, expected, actual, path) => {
    expect(paths(expected, actual)).toContain(path);
    expect(paths(actual, expected).length).toBeGreaterThan(0);
  });

  it("values that JSON does not have", () => {
    expect(() => differences({ a: new Map() }, { a: new Map() })).toThrow("plain objects");
    expect(() => differences({ a: 1n }, { a: 1n })).toThrow("bigint");
  });
});

describe("the comparator accepts", () => {
  it("equal values, NaN with itself, and fields in another order", () => {
    expect(
      differences({ a: [1, { b: null }], n: Number.NaN }, { n: Number.NaN, a: [1, { b: null }] }),
    ).toEqual([]);
  });

  it("what is absent is reported as absent", () => {
    expect(differences({}, { a: undefined })).toEqual([
      { path: "a", expected: ABSENT, actual: undefined },
    ]);
  });
});

const step: Step = {
  result: { ok: true },
  memtype: [{ start: 0, end: 1, type: "uncached-minus" }],
  vmas: { "0": [] },
  events: [],
};

function recordingOf(...steps: Step[]): Recording {
  const recording = recordingSchema.parse({
    format: "pfndiff/recording@1",
    trace: {
      format: "pfndiff/trace@1",
      name: "",
      world: { pfns: 4, vpages: 4, mtrr: "uncached" },
      ops: [
        { op: "spawn", proc: 0 },
        { op: "exit", proc: 0 },
      ],
    },
    steps: [step, step],
  });
  return { ...recording, steps };
}

describe("two recordings", () => {
  it("agree when every step does", () => {
    expect(compareSteps(recordingOf(step, step), recordingOf(step, step))).toEqual({
      total: 2,
      agreed: 2,
      disagreements: [],
    });
  });

  it("disagree on a step that one lacks, whichever it is", () => {
    const [long, short] = [recordingOf(step, step), recordingOf(step)];
    expect(compareSteps(long, short)).toMatchObject({ total: 2, agreed: 1 });
    expect(compareSteps(short, long)).toMatchObject({ total: 2, agreed: 1 });
  });

  it("are not told apart by contexts that only a model shows", () => {
    const model = recordingOf({ ...step, contexts: [] }, step);
    expect(compareSteps(recordingOf(step, step), model).agreed).toBe(2);
    expect(compareSteps(model, recordingOf(step, step)).agreed).toBe(1);
  });

  it("are compared by the modes in page tables where both show them", () => {
    const vma = { start: 0, end: 1, prot: "rw", private: false, pfn: 0 } as const;
    const withModes = (type: "write-combining" | "uncached-minus"): Step => {
      return { ...step, vmas: { "0": [{ ...vma, modes: [{ at: 0, pages: 1, type }] }] } };
    };
    const wc = recordingOf(withModes("write-combining"));
    const unshown = recordingOf({ ...step, vmas: { "0": [vma] } });
    expect(compareSteps(wc, recordingOf(withModes("uncached-minus"))).agreed).toBe(0);
    expect(compareSteps(wc, unshown).agreed).toBe(1);
    expect(compareSteps(unshown, wc).agreed).toBe(1);
  });
});
