import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryTrace, traceOfRun } from "../../fuzz/arbitrary.ts";
import type { Difference } from "../../fuzz/differential.ts";
import { FlatDifferential } from "../../fuzz/flatdifferential.ts";
import { LiveDifferential } from "../../fuzz/livedifferential.ts";
import { differentialOf } from "../../src/cli/campaign.ts";
import { ModelSide } from "../../src/engine/modelside.ts";
import { plainDesign } from "../../src/engine/plain.ts";
import { TwoSides } from "../../src/engine/twosides.ts";
import type { PlainDesign } from "../../src/flat/sides.ts";
import type { ModelBackend } from "../../src/model/backend.ts";
import type { JudgedFinding } from "../../src/oracle/finding.ts";
import type { Op } from "../../src/trace/op.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { blindTrace } from "../arbitrary.ts";
import { revokingTrace } from "../flat/revokes.ts";
import { MODELS } from "../models.ts";
import { readRecordings, recordingFiles } from "../recordings.ts";

const PAIRS = [
  ["6.12", "7.2"],
  ["6.1", "6.16"],
  ["6.1", "6.12"],
  ["6.17", "7.3"],
  ["7.2", "6.12"],
] as const;

const DRAWN = [
  ["as the campaign draws them", arbitraryTrace, 250],
  ["that revoke", revokingTrace, 250],
  ["drawn blindly", blindTrace, 120],
] as const;

const RECORDED = readRecordings(recordingFiles()[0] as string).map(({ trace }) => trace);

const word = ({ step, side, signature, kind, parted, detail }: JudgedFinding) =>
  `${step} ${side} ${signature} ${kind ?? ""} ${parted} ${detail}`;

const short = ({ step, side, signature }: Pick<JudgedFinding, "step" | "side" | "signature">) =>
  `${step} ${side} ${signature}`;

/** A model whose machines refuse to work: whoever runs a trace on one has left the fast path. */
function idle({ machine }: ModelBackend): ModelBackend["machine"] {
  return (world, watcher) => {
    const made = machine(world, watcher);
    made.apply = () => {
      throw new Error("the readable path was taken");
    };
    return made;
  };
}

/** A difference with its findings in one order. */
const inOrder = ({ findings, ...rest }: Difference) => ({
  ...rest,
  findings: findings.map(word).sort(),
});

function bothPaths(before: string, after: string) {
  const left = MODELS[before] as ModelBackend;
  const right = MODELS[after] as ModelBackend;
  const readable = new LiveDifferential(new ModelSide(left), new ModelSide(right));
  const designs = [plainDesign(left), plainDesign(right)] as [PlainDesign, PlainDesign];
  return { flat: new FlatDifferential(...designs, readable), readable };
}

/** Compares both paths, and tells how many of the traces went the fast one. */
function comparison(before: string, after: string) {
  const { flat, readable } = bothPaths(before, after);
  const counts = { fast: 0, all: 0 };
  const agree = (trace: Trace) => {
    const fast = flat.run(trace);
    counts.all++;
    if (fast === null) return;
    counts.fast++;
    expect(inOrder(fast), trace.name).toStrictEqual(inOrder(readable.run(trace)));
  };
  return { agree, counts };
}

describe.each(PAIRS)(
  "from %s to %s the flat engine answers what the readable one does",
  (was, is) => {
    test.each(DRAWN)("for traces %s, nearly all of which it takes", (_, traces, numRuns) => {
      const { agree, counts } = comparison(was, is);
      fc.assert(fc.property(traces, agree), { numRuns });
      expect(counts.fast / counts.all).toBeGreaterThan(0.98);
    });

    test("for every recorded trace, all of which it takes", () => {
      const { agree, counts } = comparison(was, is);
      RECORDED.forEach(agree);
      expect(counts).toStrictEqual({ fast: 82, all: 82 });
    });
  },
);

test("what it does not hold it leaves to the readable one", () => {
  const { flat } = bothPaths("6.12", "7.2");
  const plain = traceOfRun(1, 0);
  const leaves = (trace: Trace) => flat.run(trace) === null;
  expect(leaves(plain)).toBe(false);
  expect(leaves({ ...plain, world: { ...plain.world, vpages: 31 } })).toBe(true);
  expect(leaves({ ...plain, world: { ...plain.world, pfns: 31 } })).toBe(true);
  expect(leaves({ ...plain, ops: [{ op: "spawn", proc: 32 }] })).toBe(true);
  expect(leaves({ ...plain, ops: [{ op: "iounmap", proc: 0, slot: 0 }] })).toBe(true);
  const born = { op: "spawn", proc: 0 } as const;
  expect(leaves({ ...plain, ops: [born, born] })).toBe(true);
  const fault = { at: "vma", nth: 1 } as const;
  expect(leaves({ ...plain, ops: [{ op: "exit", proc: 0, fault }] })).toBe(true);
});

test("lists longer than it has room for it leaves too, before it says anything", () => {
  const { flat, readable } = bothPaths("6.12", "7.2");
  const world = { pfns: 30, vpages: 30, mtrr: "uncached" } as const;
  const mapped = Array.from(
    { length: 29 },
    (_, at): Op => ({
      op: "mmap",
      proc: 0,
      at,
      pages: 1,
      pfn: 0,
      via: "resource",
      prot: "rw",
      private: false,
    }),
  );
  const forks = (count: number) =>
    Array.from({ length: count }, (_, n): Op => ({ op: "fork", proc: 0, child: n + 1 }));
  const trace = (count: number): Trace => ({
    format: "pfndiff/trace@1",
    name: "crowd",
    world,
    ops: [{ op: "spawn", proc: 0 }, ...mapped, ...forks(count), { op: "exit", proc: 0 }],
  });
  for (const count of [2, 3]) {
    const fast = flat.run(trace(count));
    expect(fast === null ? null : inOrder(fast)).toStrictEqual(inOrder(readable.run(trace(count))));
  }
  for (const count of [4, 12]) expect(flat.run(trace(count))).toBeNull();
});

test("the sides of mutants and the like never go the fast way", () => {
  const model = MODELS["6.12"] as ModelBackend;
  const { plain: _, ...changed } = model;
  expect(plainDesign(model)).not.toBeNull();
  expect(plainDesign(changed)).toBeNull();
});

test("two plain models go the fast way, on both sides and through a campaign's differential", async () => {
  const [before, after] = [MODELS["6.12"] as ModelBackend, MODELS["7.2"] as ModelBackend];
  const watched = (model: ModelBackend): ModelBackend => ({ ...model, machine: idle(model) });
  const both = new TwoSides(watched(before), watched(after));
  const campaign = differentialOf({ before: watched(before), after: watched(after) });
  const readable = new LiveDifferential(new ModelSide(before), new ModelSide(after));
  for (let run = 0; run < 50; run++) {
    const trace = traceOfRun(3, run);
    const expected = readable.run(trace).findings.map(short).sort();
    expect(both.run(trace).findings.map(short).sort()).toStrictEqual(expected);
    expect((await campaign(trace)).findings.map(short).sort()).toStrictEqual(expected);
  }
});
