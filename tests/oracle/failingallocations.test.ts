import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TwoSides } from "../../src/engine/twosides.ts";
import type { ModelBackend } from "../../src/model/backend.ts";
import type { Op } from "../../src/trace/op.ts";
import { type Trace, traceSchema } from "../../src/trace/trace.ts";
import { anyTrace } from "../../fuzz/sources.ts";
import { MODELS } from "../models.ts";
import { exit, judgeOn, map, move, munmap, scene, shown, spawn, write } from "./scenes.ts";
import { IS_LONG } from "../long.ts";

function caseNamed(name: string): Trace {
  const path = new URL(`../data/cases/${name}.json`, import.meta.url);
  return traceSchema.parse(JSON.parse(readFileSync(path, "utf8")));
}

const modelOf = (release: string) => MODELS[release] as ModelBackend;

const fault = (at: "vma" | "vma-setup" | "page-table" | "memtype" | "context", nth = 1) => ({
  fault: { at, nth },
});

describe("a step tells which allocation failed", () => {
  const stepOf = (release: string, nth: number) => {
    const trace = scene([spawn(), { ...map(0, 2, 0), ...fault("memtype", nth) }]);
    return modelOf(release).recordSync(trace).steps[1];
  };

  test.each(["6.12", "7.2"])("on %s, where it was made and has failed", (release) => {
    expect(stepOf(release, 1)).toMatchObject({
      result: { errno: "EINVAL" },
      failed: { at: "memtype", nth: 1 },
    });
  });

  test.each(["6.12", "7.2"])("on %s not where the op makes fewer of them", (release) => {
    expect(stepOf(release, 2)).toMatchObject({ result: { ok: true } });
    expect(stepOf(release, 2)).not.toHaveProperty("failed");
  });
});

describe("an armed fault that does not fire is none", () => {
  test("an overlapping mremap() is EINVAL and has moved nothing", () => {
    expect(shown("7.2", "7.2", caseNamed("fault-that-did-not-fire"))).toEqual([]);
  });

  test("a refusal that another allocation could have caused is told as it is without one", () => {
    const cases = [
      map(0, 2, 0, { via: "devmem" }),
      munmap(1, 1),
      map(1, 1, 1, { via: "devmem_sync" }),
    ];
    const plain = scene([spawn(), ...cases], "write-back");
    const armed = { ...plain, ops: plain.ops.map((op) => ({ ...op, ...fault("page-table", 3) })) };
    expect(shown("6.12", "7.2", armed)).toEqual(shown("6.12", "7.2", plain));
    expect(shown("6.12", "7.2", armed)).toContain("3 introduced:refused:retained (after)");
  });
});

describe("a move whose source cannot be split", () => {
  const moved = scene([spawn(), map(0, 2, 0), { ...move(1, 1, 4), ...fault("vma", 2) }]);

  test("leaves nothing that no VMA can free", () => {
    const signatures = shown("7.2", "7.2", caseNamed("fault-that-split-nothing"));
    expect(signatures.filter((one) => one.includes(":leak:"))).toEqual([]);
  });

  test("lets the old design cut its own reservation, and nobody else's", () => {
    const gone = { ...moved, ops: [...moved.ops, munmap(4, 1)] };
    expect(shown("6.12", "7.2", gone)).toEqual(["3 introduced:over-retention:mremap (after)"]);
  });
});

test("a page that was copied on write is no less so for a move that leaves its VMA behind", () => {
  const ops = [spawn(), map(0, 3, 0, { private: true }), write(1)];
  const moved = { ...move(1, 1, 4), ...fault("vma", 2) };
  const trace = scene([...ops, moved, write(2), exit()]);
  expect(
    judgeOn(trace, "7.2", "7.2").findings.map(({ step, cause }) => `${step} ${cause}`),
  ).toEqual(["2 cow", "2 cow"]);
});

test("pages that moved before a later VMA refuses have moved, although their old VMA stays", () => {
  const sealed: Op = { op: "mseal", proc: 0, at: 4, pages: 1 };
  const ops = [spawn(), map(4, 1, 0), sealed, map(2, 2, 0), map(0, 2, 0)];
  const trace = scene([...ops, { ...move(3, 2, 0), ...fault("vma-setup", 3) }]);
  expect(shown("7.2", "7.2", trace)).toEqual([]);
});

test("an allocation that only one side makes is no difference of their answers", () => {
  const trace = scene([spawn(), { ...map(0, 2, 0), ...fault("context") }]);
  expect(shown("6.12", "7.2", trace)).toEqual([]);
});

/** Traces in which many allocations fail: those of system calls that the mixture has. */
const faulted = fc
  .tuple(fc.nat(), fc.nat())
  .map(([seed, run]): Trace => anyTrace(seed, run * 4 + 1));

const RIGHT = /^kept:(over-retention:|refused:|stale-memtype:|warning:peek$)/;

describe.each(["6.16", "6.17", "6.18", "6.19", "7.1", "7.2"])("%s against itself", (release) => {
  const sides = new TwoSides(modelOf(release), modelOf(release));

  test("shows nothing but what it keeps by design, however many allocations fail", () => {
    const isRight = (trace: Trace) =>
      sides.run(trace).findings.every(({ signature }) => RIGHT.test(signature));
    fc.assert(fc.property(faulted, isRight), { numRuns: IS_LONG ? 400 : 120 });
  });
});
