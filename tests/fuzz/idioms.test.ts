import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { idiomTrace } from "../arbitrary.ts";
import { withApart } from "../../fuzz/apart.ts";
import { randomOfRun } from "../../fuzz/random.ts";
import { idiomTraceOfRun, SOURCES, type TraceSource } from "../../fuzz/sources.ts";
import { shrink } from "../../fuzz/shrink.ts";
import { recordOn } from "../../src/model/backend.ts";
import type { Machine } from "../../src/model/machine.ts";
import { DRIVER_CALLS, DRIVER_OP_KINDS } from "../../src/trace/driverop.ts";
import { recordingSchema } from "../../src/trace/recording.ts";
import { type Trace, traceSchema } from "../../src/trace/trace.ts";
import { MODELS } from "../models.ts";
import { fault } from "../model/validate.ts";
import { IS_LONG } from "../long.ts";

/** A dead task keeps what it had: from there on nothing adds up any more. */
function isDead(machine: Machine): boolean {
  return machine.events.some(({ kind }) => kind === "bug");
}

/** What is wrong with a machine at the first op of a trace where anything is, or null. */
function firstFault(machine: Machine, trace: Trace): string | null {
  for (const op of trace.ops) {
    machine.apply(op);
    if (isDead(machine)) return null;
    const found = fault(machine);
    if (found !== null) return `${found}, after ${JSON.stringify(op)}`;
  }
  return null;
}

describe.each(Object.keys(MODELS))("driver idioms on the model of %s", (release) => {
  const model = MODELS[release] as (typeof MODELS)[string];

  test("every op has a result that the format accepts, the same after a reset", () => {
    fc.assert(
      fc.property(idiomTrace, (trace) => {
        const recording = model.recordSync(trace, { contexts: true });
        expect(recordingSchema.parse(recording)).toEqual(recording);
        const machine = model.machine(trace.world);
        for (const op of [...trace.ops].reverse()) machine.apply(op);
        machine.reset();
        expect(recordOn(machine, trace, { contexts: true })).toStrictEqual(recording.steps);
      }),
      { numRuns: IS_LONG ? 200 : 60, seed: 6 },
    );
  });

  test("every page that is mapped lies in a VMA, and contexts count their holders", () => {
    fc.assert(
      fc.property(idiomTrace, (trace) => {
        traceSchema.parse(trace);
        expect(firstFault(model.machine(trace.world), trace)).toBeNull();
      }),
      { numRuns: 300, seed: 6 },
    );
  });
});

const MISTAKEN: ReadonlySet<string> = new Set(["remap-copy", "insert-page"]);

test("mistakes are drawn where they are asked for, and nowhere else", () => {
  const made = (source: TraceSource) => {
    const ops = Array.from({ length: 400 }, (_, run) => source(5, run).ops).flat();
    const calls = ops.flatMap((op) => ("calls" in op ? op.calls : []));
    const said = ops.flatMap((op) => (op.op === "drv-mmap" ? [op.flags ?? "pfnmap"] : []));
    const past = calls.flatMap((call) => (call.call === "remap" && call.past ? ["past"] : []));
    const names = calls.map(({ call }) => call as string).filter((call) => MISTAKEN.has(call));
    return [...new Set([...said, ...past, ...names])].sort();
  };
  const all = ["insert-page", "io", "mixed", "past", "pfnmap", "remap-copy"];
  expect(made(SOURCES.mistakes)).toEqual(all);
  const { plain, faults, idioms, drivers, mixed } = SOURCES;
  for (const source of [idioms, drivers, mixed]) expect(made(source)).toEqual(["pfnmap"]);
  for (const source of [plain, faults]) expect(made(source)).toEqual([]);
});

test("the traces reach every op and call of a driver, and a kernel BUG on the before side", () => {
  const traces = fc.sample(idiomTrace, { numRuns: 300, seed: 6 });
  const ops = traces.flatMap((trace) => trace.ops);
  const missing = DRIVER_OP_KINDS.filter((kind) => !ops.some(({ op }) => op === kind));
  // The last two are drawn with --claims alone.
  expect(missing).toEqual(["reserve-memtype-wc", "free-memtype-wc", "claim", "release"]);
  const calls = new Set(ops.flatMap((op) => ("calls" in op ? op.calls.map((c) => c.call) : [])));
  expect([...calls].sort()).toEqual(DRIVER_CALLS.filter((call) => !MISTAKEN.has(call)).sort());
  const model = MODELS["6.12"] as (typeof MODELS)[string];
  const died = traces.filter((trace) =>
    model.recordSync(trace).steps.some(({ events }) => events.some(({ kind }) => kind === "bug")),
  );
  expect(died.length).toBeGreaterThan(10);
});

test("a trace of driver ops shrinks to the calls and ops that matter", () => {
  const model = MODELS["6.12"] as (typeof MODELS)[string];
  const dies = (trace: Trace) =>
    model.recordSync(trace).steps.some(({ events }) => events.some(({ kind }) => kind === "bug"));
  const trace = fc.sample(idiomTrace, { numRuns: 300, seed: 6 }).find(dies);
  if (trace === undefined) throw new Error("none dies");
  const least = shrink(trace, dies);
  expect(dies(least)).toBe(true);
  expect(least.ops.length).toBeLessThanOrEqual(3);
  const calls = least.ops.flatMap((op) => ("calls" in op ? op.calls : []));
  expect(calls.length).toBeLessThanOrEqual(2);
});

test("what is drawn apart leaves all else of a trace as it is, and says lengths that matter", () => {
  const traces = Array.from({ length: 200 }, (_, run) => idiomTraceOfRun(3, run));
  const said = JSON.stringify(traces);
  expect(said).toContain('"inset":true');
  for (const pages of [1, 8]) expect(said).toContain(`"bufferPages":${pages}`);
  const apart = (key: string, value: unknown) =>
    ["bufferPages", "inset", "hook"].includes(key) ? undefined : value;
  const without = JSON.parse(JSON.stringify(traces, apart)) as Trace[];
  const again = without.map((trace, run) => withApart(randomOfRun(3, run, "apart"), trace));
  expect(again).toEqual(traces);
  const model = MODELS["7.2"] as (typeof MODELS)[string];
  const differ = traces.filter((trace, run) => {
    const bare = model.recordSync(without[run] as Trace).steps;
    return JSON.stringify(bare) !== JSON.stringify(model.recordSync(trace).steps);
  });
  expect(differ.length).toBeGreaterThan(0);
  const isSaid = ({ ops }: Trace) =>
    /"bufferPages"|"hook":"prepare"|"inset"/.test(JSON.stringify(ops));
  expect(differ.every(isSaid)).toBe(true);
});
