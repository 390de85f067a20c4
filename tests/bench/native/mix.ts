import { execFileSync } from "node:child_process";
import { z } from "zod";
import { ModelSide } from "../../../src/engine/modelside.ts";
import type { ModelBackend } from "../../../src/model/backend.ts";
import { MODELS } from "../../models.ts";
import { knownTraces } from "./lines.ts";

/** What a generator writes: ops a trace, and in percent of all ops, successes and kinds. */
export interface Mix {
  readonly length: number;
  readonly before: number;
  readonly after: number;
  readonly kinds: Readonly<Record<string, number>>;
}

const count = z.int();
const side = z.object({ ok: count, faults: count });

/** What the native program prints of a run. */
const nativeSchema = z.object({
  stepsPerSec: z.number(),
  stepsPerProcessorSec: z.number(),
  traces: count,
  steps: count,
  before: side,
  after: side,
  kinds: z.record(z.string(), count),
});

export type NativeRun = z.infer<typeof nativeSchema>;

/** Runs the native program for so many seconds, on so many ready traces; 0: on ever new ones. */
export function runNative(program: string, seconds: number, ready: number): NativeRun {
  const output = execFileSync(program, [String(seconds), String(ready)], { encoding: "utf8" });
  return nativeSchema.parse(JSON.parse(output));
}

function mixOf(traces: number, before: number, after: number, kinds: Record<string, number>): Mix {
  const steps = Object.values(kinds).reduce((sum, ops) => sum + ops, 0);
  const percent = (ops: number) => (100 * ops) / steps;
  return {
    length: steps / traces,
    before: percent(before),
    after: percent(after),
    kinds: Object.fromEntries(Object.entries(kinds).map(([kind, ops]) => [kind, percent(ops)])),
  };
}

/** The mix of the native generator. */
export function nativeMix({ traces, before, after, kinds }: NativeRun): Mix {
  return mixOf(traces, before.ok, after.ok, kinds);
}

/** The mix of a campaign's generator, in the traces that the native program knows all of. */
export function campaignMix(seed: number, runs: number): Mix {
  const side = (release: string) => new ModelSide(MODELS[release] as ModelBackend);
  const [legacy, modern] = [side("6.12"), side("7.2")];
  const kinds: Record<string, number> = {};
  let [before, after] = [0, 0];
  for (const { world, ops } of knownTraces(seed, runs)) {
    legacy.reset(world);
    modern.reset(world);
    for (const op of ops) {
      kinds[op.op] = (kinds[op.op] ?? 0) + 1;
      if (legacy.apply(op).outcome === null) before++;
      if (modern.apply(op).outcome === null) after++;
    }
  }
  return mixOf(runs, before, after, kinds);
}
