import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryTrace } from "../../fuzz/arbitrary.ts";
import { plainDesign } from "../../src/engine/plain.ts";
import { fits, takeOp, takeWorld } from "../../src/flat/encode.ts";
import { boot, perform } from "../../src/flat/machine.ts";
import { GAVE_UP } from "../../src/flat/memory.ts";
import { takeSide } from "../../src/flat/sides.ts";
import type { ModelBackend } from "../../src/model/backend.ts";
import type { Step } from "../../src/trace/recording.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { blindTrace } from "../arbitrary.ts";
import { MODELS, modelOf } from "../models.ts";
import { readRecordings, recordingFiles } from "../recordings.ts";
import { revokingTrace } from "./revokes.ts";
import { shown, shownStep } from "./shown.ts";

/** Runs as much of a trace as the flat engine holds, and compares each step; tells how many. */
function compare(model: ModelBackend, trace: Trace, steps: readonly Step[], side: number): number {
  const design = plainDesign(model);
  if (design === null) throw new Error(`${model.id} is not plain`);
  takeSide(side, design);
  takeWorld(trace.world);
  boot(side);
  GAVE_UP[0] = 0;
  for (const [index, op] of trace.ops.entries()) {
    if (!takeOp(op)) return index;
    perform(side);
    if (GAVE_UP[0] === 1) return index;
    const { contexts, ...rest } = shownStep(steps[index] as Step);
    const { contexts: counted, ...flat } = shown(side);
    expect(flat, `${trace.name} step ${index}`).toStrictEqual(rest);
    if (contexts !== undefined) expect(counted, `step ${index}`).toStrictEqual(contexts);
  }
  return trace.ops.length;
}

const DRAWN = [
  ["as campaigns draw them", arbitraryTrace, 150],
  ["in which processes share pages and lose the device", revokingTrace, 150],
  ["drawn blindly", blindTrace, 80],
] as const;

describe.each(Object.entries(MODELS))("the flat %s", (_, model) => {
  test.each(DRAWN)("does step by step what the readable one does, on traces %s", (...drawn) => {
    const [, traces, numRuns] = drawn;
    let [compared, all] = [0, 0];
    const agree = (trace: Trace, side: number) => {
      const { steps } = model.recordSync(trace, { contexts: true });
      compared += compare(model, trace, steps, side);
      all += trace.ops.length;
    };
    fc.assert(fc.property(traces, fc.nat({ max: 1 }), agree), { numRuns });
    expect(compared / all).toBeGreaterThan(0.98);
  });
});

test.each(recordingFiles())("the flat model does what %s did, wherever it can hold it", (file) => {
  let [steps, traces] = [0, 0];
  for (const { trace, steps: recorded, kernel } of readRecordings(file)) {
    if (!fits(trace)) continue;
    const done = compare(modelOf(kernel?.release ?? ""), trace, recorded, 0);
    steps += done;
    traces += Number(done === trace.ops.length);
  }
  expect({ steps, traces }).toStrictEqual({ steps: 2556, traces: 82 });
});
