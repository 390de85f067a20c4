import { describe, expect, test } from "vitest";
import { concludeCampaign } from "../../fuzz/conclude.ts";
import { localExecutor, tallyRuns } from "../../fuzz/executor.ts";
import { GOALS } from "../../fuzz/goals.ts";
import { LiveDifferential } from "../../fuzz/livedifferential.ts";
import { ModelSide } from "../../src/engine/modelside.ts";
import type { ModelBackend } from "../../src/model/backend.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { sampleOf } from "../long.ts";
import { MODELS } from "../models.ts";

const [before, after] = [MODELS["6.12"], MODELS["6.18"]] as [ModelBackend, ModelBackend];

const live = new LiveDifferential(new ModelSide(before), new ModelSide(after));
const differential = (trace: Trace) => live.run(trace);

const KNOWN = [
  "fixed:leak",
  "fixed:double-untrack",
  "fixed:wrong-owner-untrack",
  "introduced:over-retention",
  "introduced:stale-memtype",
];

/** What a signature says of verdict and symptom, its cause left out. */
const kindOf = (signature: string) => signature.split(":").slice(0, 2).join(":");

describe("a campaign of 3,000 runs over the two designs", () => {
  test.each(sampleOf([20_250_512, 0, 1, Number.MAX_SAFE_INTEGER], 3))(
    "with seed %d reaches every goal and finds what the change is known for",
    async (seed) => {
      const tally = await tallyRuns(seed, 0, 3000, differential);
      for (const [bit, goal] of GOALS.entries()) {
        expect([goal, tally.goals[bit]]).toEqual([goal, expect.toSatisfy((n: number) => n >= 10)]);
      }
      const kinds = new Set(Object.keys(tally.occurrences).map(kindOf));
      expect([...kinds]).toEqual(expect.arrayContaining(KNOWN));
      expect(tally.retention.pageOps).toBeGreaterThan(0);
    },
  );
});

describe("what a campaign makes of its findings", () => {
  test("is short, still shows the signature, and shows what is known within a few ops", async () => {
    const pair = { before: before.id, after: after.id, seed: 4 };
    const tally = await tallyRuns(pair.seed, 0, 600, differential);
    const { findings } = await concludeCampaign(tally, 1, {
      ...pair,
      differential,
      executor: localExecutor(pair.seed, differential),
    });
    const least = new Map(KNOWN.map((kind) => [kind, Infinity]));
    for (const { signature, trace, step } of findings) {
      const shown = (await differential(trace)).findings.filter((f) => f.signature === signature);
      expect(shown.map((f) => f.step)).toContain(step);
      expect(trace.ops.length).toBeLessThanOrEqual(16);
      const kind = kindOf(signature);
      least.set(kind, Math.min(least.get(kind) ?? Infinity, trace.ops.length));
    }
    for (const kind of KNOWN)
      expect([kind, (least.get(kind) ?? Infinity) <= 6]).toEqual([kind, true]);
  });
});
