import type { Differential } from "../../fuzz/differential.ts";
import { type Executor, localExecutor, type Stop } from "../../fuzz/executor.ts";
import { findingIn } from "../../fuzz/witness.ts";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import type { TraceSource } from "../../fuzz/sources.ts";
import { mergeTallies, type RunRange, runsOf, type Tally } from "../../fuzz/tally.ts";
import type { Symptom } from "../oracle/finding.ts";
import type { Pair } from "./backends.ts";
import { differentialOf } from "./campaign.ts";
import { kernelsOf, NOTHING } from "./kernelcampaign.ts";

/** Runs that go to each guest of a kernel at once: as many as it takes in one request. */
const BATCH = 64;

/** What no model shows, and a kernel alone can be shrunk for. */
const OF_KERNELS: readonly string[] = ["bug", "crash", "hang"] satisfies readonly Symptom[];

function isOfKernelsAlone(signature: string): boolean {
  return signature.split(":").some((word) => OF_KERNELS.includes(word));
}

/** How many smaller traces a kernel is asked about: each that ends it costs a boot. */
const TRIES = 48;

/** A differential that shows nothing once it has been asked often. */
function patient(real: Differential): Differential {
  let tries = 0;
  return (trace) => (tries++ < TRIES ? real(trace) : NOTHING);
}

/**
 * Works on a campaign over real kernels: traces go to the guests of each side in batches, and findings are
 * shrunk on the models that stand for the pair and confirmed on the kernels.
 */
export function kernelExecutor(
  pair: Pair,
  models: Pair,
  seed: number,
  traceOf: TraceSource = traceOfRun,
  guests = 1,
): Executor {
  const real = differentialOf(pair);
  const proxy = differentialOf(models);
  const kernels = kernelsOf(pair);
  const local = localExecutor(seed, real, traceOf);
  const tallyBatch = async (range: RunRange, stop: Stop): Promise<Tally | null> => {
    const runs = Array.from({ length: range.to - range.from }, (_, at) => range.from + at);
    const traces = runs.map((run) => traceOf(seed, run));
    await Promise.all(kernels.map((kernel) => kernel.prepare(traces)));
    return local.tally(range, stop);
  };
  return {
    jobs: 1,
    tally: async ({ from, to }, stop) => {
      let whole: Tally | null = null;
      for (let next = from; next < to && !stop.isDue(); next += BATCH * guests) {
        const range = { from: next, to: Math.min(to, next + BATCH * guests) };
        const tally = await tallyBatch(range, stop);
        if (tally === null) break;
        whole = whole === null ? tally : mergeTallies(whole, tally);
        if (runsOf(tally) < range.to - range.from) break;
      }
      return whole;
    },
    shrink: async (signature, seen, signal) => {
      if (signal?.aborted === true) return null;
      const shrinker = isOfKernelsAlone(signature) ? patient(real) : proxy;
      return findingIn(traceOf(seed, seen.best.run), signature, seen, real, shrinker);
    },
  };
}
