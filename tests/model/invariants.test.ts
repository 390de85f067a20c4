import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { recordOn } from "../../src/model/backend.ts";
import { recordingSchema } from "../../src/trace/recording.ts";
import { traceSchema } from "../../src/trace/trace.ts";
import { blindTrace } from "../arbitrary.ts";
import { MODELS } from "../models.ts";
import { IS_LONG } from "../long.ts";
import { fault } from "./validate.ts";

describe.each(Object.keys(MODELS))("the model of %s", (release) => {
  const model = MODELS[release] as (typeof MODELS)[string];

  test("is sound after every op of any trace", () => {
    fc.assert(
      fc.property(blindTrace, (trace) => {
        traceSchema.parse(trace);
        const machine = model.machine(trace.world);
        for (const op of trace.ops) {
          machine.apply(op);
          expect(fault(machine)).toBeNull();
        }
      }),
      { numRuns: IS_LONG ? 300 : 120 },
    );
  });

  test("writes recordings that the format accepts, the same on a machine that was reset", () => {
    fc.assert(
      fc.property(blindTrace, (trace) => {
        const recording = model.recordSync(trace, { contexts: true });
        expect(recordingSchema.parse(recording)).toEqual(recording);
        const machine = model.machine(trace.world);
        for (const op of [...trace.ops].reverse()) machine.apply(op);
        machine.reset();
        expect(recordOn(machine, trace, { contexts: true })).toStrictEqual(recording.steps);
      }),
      { numRuns: IS_LONG ? 100 : 40 },
    );
  });

  test("has given back every context once no process is left", () => {
    fc.assert(
      fc.property(blindTrace, (trace) => {
        const machine = model.machine(trace.world);
        for (const op of trace.ops) machine.apply(op);
        for (const proc of [0, 1, 2, 3]) machine.apply({ op: "exit", proc });
        expect([...machine.processes]).toEqual([]);
        if (model.design === "kref") expect(machine.memtype.entries).toEqual([]);
      }),
      { numRuns: IS_LONG ? 300 : 120 },
    );
  });
});

test("the check of a machine notices a context that counts wrong", () => {
  const machine = (MODELS["6.18"] as (typeof MODELS)[string]).machine({
    pfns: 4,
    vpages: 4,
    mtrr: "uncached",
  });
  machine.apply({ op: "spawn", proc: 0 });
  machine.apply({
    op: "mmap",
    proc: 0,
    at: 0,
    pages: 2,
    pfn: 0,
    via: "resource",
    prot: "rw",
    private: false,
  });
  expect(fault(machine)).toBeNull();
  const vma = machine.processes.get(0)?.vmas[0];
  Object.assign(vma?.track ?? {}, { kref: 2 });
  expect(fault(machine)).toMatch("counts 2, 1 VMAs hold it");
});
