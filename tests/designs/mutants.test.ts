import { describe, expect, it } from "vitest";
import { type Trial, tryMutant, keyOf } from "../../fuzz/trial.ts";
import { anyTrace } from "../../fuzz/sources.ts";
import { MUTANTS, mutantPair } from "../../src/cli/mutantlist.ts";
import { TwoSides } from "../../src/engine/twosides.ts";
import type { Mutant } from "../../src/model/mutant.ts";
import { traceSchema } from "../../src/trace/trace.ts";
import { run } from "../cli/run.ts";
import { IS_LONG, sampleOf } from "../long.ts";

const BAR = 20_000;
/** The whole of the equivalent ones' 200,000 ops is run by `pfndiff mutants`. */
const EQUIVALENT_OPS = 8_000;
const SEEDS = IS_LONG ? [1, 77] : [1];
/** What takes several steps or a failure: ten times the ops, with one seed. */
const RARE = { ops: 10 * BAR, seeds: [1] } as const;

const real = MUTANTS.filter(({ equivalent }) => equivalent === undefined);
const equivalent = MUTANTS.filter((mutant) => mutant.equivalent !== undefined);

async function trial(mutant: Mutant, seed: number, ops: number): Promise<Trial> {
  const pair = mutantPair(mutant);
  const both = new TwoSides(pair.reference, pair.mutant);
  return tryMutant({
    show: (trace) => both.run(trace).findings,
    traceOf: (n) => anyTrace(seed, n),
    ops,
    known: new Set(),
    isFoundEnough: true,
  });
}

describe("the oracle finds planted faults", () => {
  it("has enough of them, each with a name of its own, in both designs and beneath them", () => {
    expect(real.length).toBeGreaterThanOrEqual(160);
    expect(new Set(MUTANTS.map(({ id }) => id)).size).toBe(MUTANTS.length);
    expect(new Set(real.map(({ place }) => place)).size).toBe(5);
    expect(new Set(real.map(({ reference }) => reference)).size).toBe(2);
  });

  it.each(sampleOf(real, 14).map((mutant) => [mutant.id, mutant] as const))(
    "%s is found within the bar",
    async (_id, mutant) => {
      const { ops, seeds } = mutant.isRare === true ? RARE : { ops: BAR, seeds: SEEDS };
      for (const seed of seeds) {
        expect((await trial(mutant, seed, ops)).found, `seed ${seed}`).not.toBeNull();
      }
    },
  );

  it.each(sampleOf(equivalent, 2).map((mutant) => [mutant.id, mutant] as const))(
    "%s is equivalent, and not found",
    async (_id, mutant) => {
      expect((await trial(mutant, 5, EQUIVALENT_OPS)).found).toBeNull();
    },
  );

  it("a design beside itself shows nothing", async () => {
    for (const reference of ["legacy", "modern"] as const) {
      const mutant = MUTANTS.find((candidate) => candidate.reference === reference);
      const { reference: itself } = mutantPair(mutant as Mutant);
      const both = new TwoSides(itself, itself);
      for (let n = 0; n < 100; n++) {
        const { findings } = both.run(anyTrace(9, n));
        const before = findings.filter(({ side }) => side === "before").map(keyOf);
        expect(findings.filter(({ side }) => side === "after").map(keyOf)).toEqual(before);
      }
    }
  });
});

describe("mixed traces", () => {
  it("satisfy the schema, depend on seed and run only, and hold faults and drivers", () => {
    const traces = Array.from({ length: 64 }, (_, n) => anyTrace(3, n));
    for (const trace of traces) expect(() => traceSchema.parse(trace)).not.toThrow();
    expect(traces).toEqual(traces.map((_, n) => anyTrace(3, n)));
    const ops = traces.flatMap((trace) => trace.ops);
    expect(ops.some(({ fault }) => fault !== undefined)).toBe(true);
    expect(ops.some(({ op }) => op === "drv-mmap")).toBe(true);
  });
});

describe("pfndiff mutants", () => {
  it("prints a table and succeeds when all are as declared", async () => {
    const { status, out } = await run(["mutants", "--only", "free-by-start", "--seeds", "1"]);
    expect(out).toContain("free-by-start-legacy");
    expect(out).toContain("2 of 2 mutants found");
    expect(status).toBe(0);
  });

  it("fails when one is not found in the ops it is given", async () => {
    const { status, out } = await run([
      "mutants",
      "--only",
      "zap-untracks",
      "--ops",
      "2",
      "--json",
    ]);
    expect(JSON.parse(out)).toMatchObject({ ops: 2, mutants: [{ asDeclared: false }] });
    expect(status).toBe(1);
  });
});
