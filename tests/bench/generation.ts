/**
 * How fast traces are written, on a quiet machine, in ops a second:
 * `npx tsx tests/bench/generation.ts`.
 */
import { traceOfRun } from "../../fuzz/traceofrun.ts";

const SECONDS = 2;

function opsPerSecond(seed: number): number {
  const began = performance.now();
  let ops = 0;
  let run = 0;
  while (performance.now() - began < SECONDS * 1000) {
    for (let n = 0; n < 100; n++) ops += traceOfRun(seed, run++).ops.length;
  }
  return Math.round((ops * 1000) / (performance.now() - began));
}

opsPerSecond(1);
console.log(`generation: ${opsPerSecond(2)} ops/s`);
