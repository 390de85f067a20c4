import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { recordingDifferential, verdictsOf } from "../../fuzz/differential.ts";
import { LiveDifferential } from "../../fuzz/livedifferential.ts";
import { differentialOf } from "../../src/cli/campaign.ts";
import { ModelSide } from "../../src/engine/modelside.ts";
import type { ModelBackend } from "../../src/model/backend.ts";
import { judge } from "../../src/oracle/judge.ts";
import { scenarioNamed } from "../../src/scenarios/index.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { arbitraryTrace, blindTrace, idiomTrace } from "../arbitrary.ts";
import { MODELS } from "../models.ts";
import { readRecordings, recordingFiles } from "../recordings.ts";
import { IS_LONG } from "../long.ts";

const PAIRS = [
  ["6.12", "6.18"],
  ["6.1", "7.2"],
  ["6.16", "7.2"],
  ["6.12", "6.12"],
] as const;

function bothWays(before: string, after: string) {
  const left = MODELS[before] as ModelBackend;
  const right = MODELS[after] as ModelBackend;
  const contexts = { contexts: true };
  const recorded = recordingDifferential(
    (trace) => left.recordSync(trace, contexts),
    (trace) => right.recordSync(trace, contexts),
    (was, is) => verdictsOf(judge(was, is)),
  );
  return { live: new LiveDifferential(new ModelSide(left), new ModelSide(right)), recorded };
}

describe.each(PAIRS)("from %s to %s two running sides show what their recordings do", (was, is) => {
  const { live, recorded } = bothWays(was, is);
  const agree = async (trace: Trace) => {
    const { findings, ...rest } = live.run(trace);
    const plain = findings.map((finding) => finding.plain());
    expect({ findings: plain, ...rest }).toStrictEqual(await recorded(trace));
  };

  test("for traces as the campaign draws them", async () => {
    await fc.assert(fc.asyncProperty(arbitraryTrace, agree), { numRuns: IS_LONG ? 300 : 120 });
  });

  test("for traces drawn blindly", async () => {
    await fc.assert(fc.asyncProperty(blindTrace, agree), { numRuns: IS_LONG ? 150 : 60 });
  });

  test("for traces of drivers, and of the kernel for itself", async () => {
    await fc.assert(fc.asyncProperty(idiomTrace, agree), { numRuns: IS_LONG ? 300 : 120, seed: 6 });
  });

  test("for every recorded trace", async () => {
    const [file] = recordingFiles();
    const recordings = readRecordings(file as string);
    for (const { trace } of recordings) await agree(trace);
    expect(recordings.length).toBeGreaterThan(80);
  });
});

test("two models are judged as they run: no recording is made", async () => {
  const refuse = () => {
    throw new Error("a recording was made");
  };
  const model = MODELS["6.12"] as ModelBackend;
  const unrecordable = { ...model, record: refuse, recordSync: refuse };
  const { trace } = scenarioNamed("munmap-head");
  const difference = await differentialOf({ before: unrecordable, after: unrecordable })(trace);
  expect(difference.findings.length).toBeGreaterThan(0);
});
