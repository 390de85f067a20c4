import { describe, expect, test } from "vitest";
import {
  type Faulted,
  shortTraces,
  SMALL_SCOPE,
  SMALL_WORLD,
  sweep,
} from "../../fuzz/failingallocations.ts";
import type { ModelBackend } from "../../src/model/backend.ts";
import type { Op } from "../../src/trace/op.ts";
import { type Trace, traceSchema } from "../../src/trace/trace.ts";
import { IS_LONG, sampleOf } from "../long.ts";
import { MODELS } from "../models.ts";
import { fault } from "../model/validate.ts";

const LENGTH = 3;
const PREFIX = [{ op: "spawn", proc: 0 }] as const;

function model(release: string): ModelBackend {
  const found = MODELS[release];
  if (found === undefined) throw new Error(`no model of ${release}`);
  return found;
}

function shortOnes(length = LENGTH): Generator<Trace> {
  return shortTraces(SMALL_WORLD, SMALL_SCOPE, length, PREFIX);
}

/** Only those that end with one of these ops, where tests must be quick. */
function* endingWith(...ends: readonly Op["op"][]): Generator<Trace> {
  for (const trace of shortOnes()) {
    if (IS_LONG || ends.includes(trace.ops.at(-1)?.op ?? "spawn")) yield trace;
  }
}

function sweepOf(release: string): Generator<Faulted> {
  const { recordSync } = model(release);
  return sweep({
    traces: endingWith("mmap", "mremap"),
    show: (trace) => JSON.stringify(recordSync(trace).steps),
  });
}

/** The kinds of messages of a trace whose processes all exit, and `leak` if anything is left. */
function trouble(release: string, trace: Trace): Set<string> {
  const machine = model(release).machine(trace.world);
  const kinds = new Set<string>();
  for (const op of [...trace.ops, ...[0, 1].map((proc) => ({ op: "exit" as const, proc }))]) {
    machine.apply(op);
    for (const { kind } of machine.events) kinds.add(kind);
  }
  if (machine.memtype.entries.length > 0) kinds.add("leak");
  return kinds;
}

describe("every short sequence with every single fault at every op", () => {
  test.each(sampleOf(["7.2", "6.16", "6.18"], 3))(
    "the model of %s leaks, holds and warns of nothing",
    (r) => {
      let faults = 0;
      for (const { trace } of sweepOf(r)) {
        faults++;
        const machine = model(r).machine(trace.world);
        for (const op of trace.ops) {
          machine.apply(op);
          expect(fault(machine), trace.name).toBeNull();
        }
        expect([...trouble(r, trace)], trace.name).toEqual([]);
      }
      expect(faults).toBeGreaterThan(IS_LONG ? 2000 : 200);
    },
  );

  test("the model of 6.12 gets wrong what a fault is known to do there, and nothing else", () => {
    const found = new Set<string>();
    for (const { trace, index, site } of sweepOf("6.12")) {
      const op = trace.ops[index];
      // A fault in the middle changes what later ops meet: their own troubles are not its doing.
      if (op === undefined || index !== trace.ops.length - 1) continue;
      const { fault: _without, ...plain } = op;
      const known = trouble("6.12", { ...trace, ops: trace.ops.with(index, plain) });
      for (const kind of trouble("6.12", trace)) {
        if (!known.has(kind)) found.add(`${op.op} without ${site}: ${kind}`);
      }
    }
    expect([...found].sort()).toEqual([
      // get_pat_info() looks for the first page of a mapping that got none.
      "mmap without page-table: warn",
      // The VMA was split before: the move that fails does not undo that, as the move would.
      "mremap without vma-setup: invalid-free",
      "mremap without vma-setup: leak",
      "mremap without vma: invalid-free",
      "mremap without vma: leak",
    ]);
  });
});

test("short traces are all different, valid, and as many as the scope says", () => {
  const scope = SMALL_SCOPE.slice(0, 4);
  const traces = [...shortTraces(SMALL_WORLD, scope, 2, PREFIX)];
  expect(traces).toHaveLength(4 + 16);
  expect(new Set(traces.map(({ ops }) => JSON.stringify(ops))).size).toBe(20);
  for (const trace of traces) traceSchema.parse(trace);
});

test("a fault that nothing reaches is not told of, and a process is born once", () => {
  const forks = shortTraces(SMALL_WORLD, [{ op: "fork", proc: 0, child: 1 }], 2, PREFIX);
  const { recordSync } = model("7.2");
  const show = (trace: Trace) => JSON.stringify(recordSync(trace).steps);
  expect([...sweep({ traces: forks, show })]).toEqual([]);
});
