import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryTrace } from "../arbitrary.ts";
import { minimalFinding } from "../../fuzz/executor.ts";
import { LiveDifferential } from "../../fuzz/livedifferential.ts";
import { ModelSide } from "../../src/engine/modelside.ts";
import type { ModelBackend } from "../../src/model/backend.ts";
import type { CampaignFinding, JudgedFinding } from "../../src/oracle/finding.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { MODELS } from "../models.ts";
import { IS_LONG } from "../long.ts";
import { oneStepDown } from "./onestepdown.ts";

const differential = new LiveDifferential(
  new ModelSide(MODELS["6.12"] as ModelBackend),
  new ModelSide(MODELS["7.2"] as ModelBackend),
);
const run = (trace: Trace) => differential.run(trace);

/** A finding shrunk from the whole trace that shows it, as a campaign does. */
function shrunk(trace: Trace, finding: JudgedFinding): Promise<CampaignFinding> {
  const { signature, parted, side } = finding;
  const best = { run: 0, step: trace.ops.length - 1 };
  const seen = { count: 1, firstRun: 0, best, ...(parted ? { sides: { [side]: best } } : {}) };
  return minimalFinding(0, signature, seen, run, () => trace);
}

/** Drawn traces with one of the findings that each shows. */
const findings = fc
  .tuple(arbitraryTrace, fc.nat())
  .map(([trace, pick]) => {
    const shown = run(trace).findings.map((finding) => finding.plain());
    return { trace, finding: shown[pick % Math.max(1, shown.length)] };
  })
  .filter(({ finding }) => finding !== undefined);

function eachShrunk(
  check: (least: CampaignFinding, finding: JudgedFinding, trace: Trace) => void | Promise<void>,
): Promise<void> {
  const law = async ({ trace, finding }: { trace: Trace; finding?: JudgedFinding | undefined }) => {
    if (finding === undefined) throw new Error("the trace shows a finding");
    await check(await shrunk(trace, finding), finding, trace);
  };
  return fc.assert(fc.asyncProperty(findings, law), { numRuns: IS_LONG ? 80 : 30 });
}

describe("a finding of the models, shrunk", () => {
  test("keeps its signature, or is one from before the sides part", async () => {
    await eachShrunk((least, { signature, parted, symptom, cause, side }) => {
      if (!parted) expect(least.signature).toBe(signature);
      expect(least).toMatchObject({ symptom, cause });
      if (least.parted) expect(least.side).toBe(side);
      expect(run(least.trace).findings.map((one) => one.signature)).toContain(least.signature);
    });
  });

  test("has no op that can be dropped and no number that can be lowered", async () => {
    await eachShrunk(({ signature, side, ...least }) => {
      const shows = (trace: Trace) =>
        run(trace).findings.some(
          (one) => one.signature === signature && (!one.parted || one.side === side),
        );
      expect([...oneStepDown(least.trace)].filter(shows)).toEqual([]);
    });
  });

  test("is the same every time", async () => {
    await eachShrunk(async (least, finding, trace) => {
      expect(await shrunk(structuredClone(trace), finding)).toEqual(least);
    });
  });
});
