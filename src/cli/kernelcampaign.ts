import type { Difference, Differential } from "../../fuzz/differential.ts";
import { EMPTY_TALLY } from "../../fuzz/tally.ts";
import { isKernel, isModel, isTree, modelOfKernel, openModel, type Pair } from "./backends.ts";
import type { KernelSide } from "./kernelside.ts";

/** What a trace shows that a side could not finish; the loss is reported by itself. */
export const NOTHING: Difference = {
  findings: [],
  goals: 0,
  notComparable: 0,
  retention: EMPTY_TALLY.retention,
  retentionBefore: EMPTY_TALLY.retention,
};

/** The real kernels among the sides. */
export function kernelsOf({ before, after }: Pair): KernelSide[] {
  return [before, after].filter(isKernel);
}

const isLive = (side: Pair["before"]) => isModel(side) || isTree(side);

/**
 * What stands for a pair where guests are too slow: a kernel's model is that of its release, and
 * `tell` hears of one that is not. Boots the kernels.
 */
export async function modelsOf(pair: Pair, tell: (line: string) => void): Promise<Pair> {
  const stand = (side: Pair["before"]) =>
    isKernel(side) ? modelOfKernel(side, tell) : isLive(side) ? side : openModel(side.id);
  const [before, after] = await Promise.all([stand(pair.before), stand(pair.after)]);
  return { before, after };
}

/** A differential that survives the loss of a guest: the trace then shows nothing, as one that a kernel cannot run. */
export function survivingLoss(pair: Pair, differential: Differential): Differential {
  const kernels = kernelsOf(pair);
  if (kernels.length === 0) return differential;
  return async (trace) => {
    await Promise.all(kernels.map((kernel) => kernel.identify()));
    if (kernels.some((kernel) => kernel.lacking(trace) !== null)) return NOTHING;
    const outcomes = await Promise.all(kernels.map((kernel) => kernel.outcome(trace)));
    return outcomes.some((outcome) => "failure" in outcome) ? NOTHING : differential(trace);
  };
}
