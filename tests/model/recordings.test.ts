import { describe, expect, test } from "vitest";
import { withShownModes } from "../../src/compare.ts";
import { modelOf } from "../models.ts";
import { readRecordings, recordingFiles } from "../recordings.ts";

describe("the models agree with real kernels step by step", () => {
  const files = recordingFiles();

  test("five kernels are recorded", () => {
    expect(files).toHaveLength(5);
  });

  test.each(files)("every step of %s", (file) => {
    let steps = 0;
    for (const recording of readRecordings(file)) {
      const model = modelOf(recording.kernel?.release ?? "");
      const modelled = model.recordSync(recording.trace).steps.map((step, at) => {
        return withShownModes(step, recording.steps[at] ?? step);
      });
      expect(modelled, recording.trace.name).toStrictEqual(recording.steps);
      steps += recording.steps.length;
    }
    expect(steps).toBe(4283);
  });
});
