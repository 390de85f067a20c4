import type { TraceSource } from "../../fuzz/sources.ts";
import { lackOf, withoutLacking } from "../../kernel/lacks.ts";
import type { Backend } from "../backend.ts";
import { isKernel } from "./backends.ts";

/**
 * Traces of a source without the ops that some kernel among the backends was built without; `tell` hears of
 * each option. Boots the kernels.
 */
export async function knownToKernels(
  backends: readonly Backend[],
  traceOf: TraceSource,
  tell: (line: string) => void,
): Promise<TraceSource> {
  const kernels = backends.filter(isKernel);
  await Promise.all(kernels.map((kernel) => kernel.identify()));
  for (const { id, lacks } of kernels) {
    for (const option of lacks) {
      const { no, isOp } = lackOf(option);
      if (isOp !== undefined)
        tell(`${id}: ${option} is not set: no ${no}; left out of all traces\n`);
    }
  }
  const lacks = new Set(kernels.flatMap((kernel) => [...kernel.lacks]));
  return (seed, run) => withoutLacking(traceOf(seed, run), lacks);
}
