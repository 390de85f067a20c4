import { describe, expect, test } from "vitest";
import { recordingSchema } from "../../src/trace/recording.ts";
import { readExperiments, sideOf } from "../idioms.ts";
import { MODELS } from "../models.ts";

const experiments = readExperiments();

test("all 52 experiments are there", () => {
  expect(new Set(experiments.map(({ id }) => id)).size).toBe(52);
});

describe.each([
  ["6.12", "before"],
  ["7.2", "after"],
] as const)("the model of %s agrees with the kernel step by step", (release, side) => {
  test.each(experiments)("$trace.name", (experiment) => {
    const recording = MODELS[release]?.recordSync(experiment.trace);
    if (recording === undefined) throw new Error(`no model of ${release}`);
    expect(recordingSchema.parse(recording)).toEqual(recording);
    expect(sideOf(recording, experiment[side])).toEqual(experiment[side]);
  });
});
