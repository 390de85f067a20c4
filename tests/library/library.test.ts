import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { simplerTraces } from "../../fuzz/shrink.ts";
import { traceArbitrary, worldArbitrary } from "../../src/library/fastcheck.ts";
import {
  fuzz,
  judge,
  models,
  record,
  type Trace,
  trace,
  UserError,
} from "../../src/library/index.ts";
import { worldSchema } from "../../src/trace/trace.ts";

describe("fuzz", () => {
  const signaturesOf = async (options: Parameters<typeof fuzz>[0]) => {
    const found: string[] = [];
    for await (const { signature, trace: least, step } of fuzz(options)) {
      expect(least.ops).toHaveLength(step + 1);
      found.push(signature);
    }
    return found;
  };

  it("yields each signature once, the same for a seed, also when two run at once", async () => {
    const options = { runs: 100, seed: 3 };
    const [one, two] = await Promise.all([signaturesOf(options), signaturesOf(options)]);
    expect(one.length).toBeGreaterThan(5);
    expect(new Set(one).size).toBe(one.length);
    expect(two).toEqual(one);
  });

  it("finds nothing between a design and itself, and ends when told to", async () => {
    const both = { before: "modern@7.2", after: "modern@7.2", runs: 64 };
    expect(
      (await signaturesOf(both)).filter((signature) => !signature.startsWith("kept:")),
    ).toEqual([]);
    expect(await signaturesOf({ runs: 1e9, signal: AbortSignal.abort() })).toEqual([]);
  });
});

describe("record, judge and trace", () => {
  it("are of every model, by id", () => {
    const one = trace({ ops: [{ op: "spawn", proc: 0 }] });
    expect(models).toEqual(expect.arrayContaining(["legacy@6.12", "modern@7.2"]));
    for (const id of models) expect(record(one, id).backend).toBe(id);
    expect(judge(record(one, "legacy"), record(one, "modern")).findings).toEqual([]);
  });

  it("refuse what is not right, with the place", () => {
    const ops = [{ op: "touch", proc: 0, at: 99, write: false }] as const;
    expect(() => trace({ ops: [...ops] })).toThrow("ops[0]: at is 99, past vpages 16");
    expect(() => record(trace({ ops: [] }), "legacy@5.4")).toThrow(UserError);
  });
});

describe("arbitraries", () => {
  it("shrink to the least that a campaign would tell", () => {
    const isShown = (of: Trace) =>
      judge(record(of, "legacy"), record(of, "modern")).findings.some(
        ({ signature }) => signature === "fixed:leak:unmap-head",
      );
    const { counterexample } = fc.check(
      fc.property(traceArbitrary({ source: "plain" }), (of) => !isShown(of)),
      { seed: 5, numRuns: 500 },
    );
    const [least] = counterexample ?? [];
    if (least === undefined) throw new Error("500 traces show it");
    expect(least.ops).toHaveLength(4);
    expect([...simplerTraces(least)].filter(isShown)).toEqual([]);
  });

  it("of worlds are worlds", () => {
    fc.assert(
      fc.property(worldArbitrary({ pages: 5 }), (world) => {
        expect(worldSchema.parse(world).pfns).toBeLessThanOrEqual(5);
      }),
    );
  });
});
