/**
 * How fast traces are written and shrunk, on a quiet machine: `npx tsx tests/bench/generation.ts`.
 * Generation is printed in ops a second; shrinking, of traces of 25 ops and more on which the VM_PAT
 * model leaks, in milliseconds and in traces that were tried.
 */
import { traceOfRun } from "../../fuzz/arbitrary.ts";
import { shrink } from "../../fuzz/shrink.ts";
import type { ModelBackend } from "../../src/model/backend.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { MODELS } from "../models.ts";

const SECONDS = 2;
const SHRINKS = 100;
const LONG = 25;

function opsPerSecond(seed: number): number {
  const began = performance.now();
  let ops = 0;
  let run = 0;
  while (performance.now() - began < SECONDS * 1000) {
    for (let n = 0; n < 100; n++) ops += traceOfRun(seed, run++).ops.length;
  }
  return Math.round((ops * 1000) / (performance.now() - began));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function leaks(model: ModelBackend, trace: Trace): boolean {
  const last = model.recordSync(trace).steps.at(-1);
  return last !== undefined && Object.keys(last.vmas).length === 0 && last.memtype.length > 0;
}

function shrinkTimes(model: ModelBackend): { milliseconds: number; tried: number } {
  const times: number[] = [];
  const counts: number[] = [];
  for (let run = 0; times.length < SHRINKS; run++) {
    const trace = traceOfRun(9, run);
    if (trace.ops.length < LONG || !leaks(model, trace)) continue;
    let tried = 0;
    const began = performance.now();
    shrink(trace, (simpler) => {
      tried++;
      return leaks(model, simpler);
    });
    times.push(performance.now() - began);
    counts.push(tried);
  }
  return { milliseconds: median(times), tried: median(counts) };
}

opsPerSecond(1);
const shrinking = shrinkTimes(MODELS["6.12"] as ModelBackend);
console.log(`generation: ${opsPerSecond(2)} ops/s`);
console.log(
  `shrink: median ${shrinking.milliseconds.toFixed(1)} ms, ${shrinking.tried} traces tried`,
);
