/**
 * How long it takes to shrink real findings: `npx tsx tests/bench/shrink.ts`. Random traces of 40 ops
 * and a few more, as a campaign draws them, are shrunk by the campaign's own code for every signature
 * that they show, up to some traces a signature, with nothing cut off before. Printed are
 * milliseconds of processor time (others on the machine do not count) and the traces tried, and which
 * signatures of the baseline no such trace showed.
 */
import { readFileSync } from "node:fs";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import { minimalFinding } from "../../fuzz/executor.ts";
import { LiveDifferential } from "../../fuzz/livedifferential.ts";
import { stopwatch } from "../../src/cli/processortime.ts";
import { ModelSide } from "../../src/engine/modelside.ts";
import { baselineSchema } from "../../src/gate.ts";
import type { ModelBackend } from "../../src/model/backend.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { MODELS } from "../models.ts";

const SEED = 1;
const RUNS = Number(process.argv[2] ?? 20_000);
const LEAST_OPS = 40;
/** Traces of each signature: the frequent ones must not drown the rest. */
const EXAMPLES = 8;
const BAR_MS = 50;

const differential = new LiveDifferential(
  new ModelSide(MODELS["6.12"] as ModelBackend),
  new ModelSide(MODELS["7.2"] as ModelBackend),
);

/** One finding in one long trace. */
interface Example {
  readonly signature: string;
  readonly run: number;
  readonly parted: boolean;
}

interface Shrunk extends Example {
  readonly milliseconds: number;
  readonly tried: number;
  readonly ops: number;
}

function examples(): Example[] {
  const found: Example[] = [];
  const counts = new Map<string, number>();
  for (let run = 0; run < RUNS; run++) {
    const trace = traceOfRun(SEED, run);
    if (trace.ops.length < LEAST_OPS) continue;
    const here = new Set<string>();
    for (const { signature, parted } of differential.run(trace).findings) {
      const count = counts.get(signature) ?? 0;
      if (count === EXAMPLES || here.has(signature)) continue;
      here.add(signature);
      counts.set(signature, count + 1);
      found.push({ signature, run, parted });
    }
  }
  return found;
}

async function shrinkOne(example: Example): Promise<Shrunk> {
  const { signature, run, parted } = example;
  const whole = traceOfRun(SEED, run);
  const best = { run, parted, step: whole.ops.length - 1 };
  let tried = 0;
  const counting = (trace: Trace) => {
    tried++;
    return differential.run(trace);
  };
  const spent = stopwatch();
  const { trace } = await minimalFinding(
    SEED,
    signature,
    { count: 1, firstRun: run, best },
    counting,
    () => whole,
  );
  return { ...example, milliseconds: spent().processorMs, tried, ops: trace.ops.length };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function missing(shown: ReadonlySet<string>): string[] {
  const file = new URL("../../reports/baseline.json", import.meta.url);
  const { entries } = baselineSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  return entries.map(({ signature }) => signature).filter((signature) => !shown.has(signature));
}

const found = examples();
// The first ones only warm up.
for (const example of found.slice(0, 30)) await shrinkOne(example);
const all: Shrunk[] = [];
for (const example of found) all.push(await shrinkOne(example));
const times = all.map(({ milliseconds }) => milliseconds);
const worst = all.reduce((a, b) => (b.milliseconds > a.milliseconds ? b : a));
const median = quantile(times, 0.5);
const signatures = new Set(all.map(({ signature }) => signature));
const absent = missing(signatures);
console.log(`${all.length} traces of ${LEAST_OPS} ops and more, ${signatures.size} signatures`);
console.log(`not shown by any: ${absent.length === 0 ? "none" : absent.join(", ")}`);
console.log(
  `median ${median.toFixed(1)} ms (bar: ${BAR_MS}), nine in ten under ${quantile(times, 0.9).toFixed(1)} ms, ` +
    `worst ${worst.milliseconds.toFixed(1)} ms (${worst.signature}, run ${worst.run})`,
);
const [tried, ops] = [all.map((one) => one.tried), all.map((one) => one.ops)];
console.log(
  `traces tried: median ${quantile(tried, 0.5)}, most ${Math.max(...tried)}; ` +
    `ops left: median ${quantile(ops, 0.5)}, most ${Math.max(...ops)}`,
);
process.exitCode = median < BAR_MS ? 0 : 1;
