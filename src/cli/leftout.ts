import type { TraceSource } from "../../fuzz/sources.ts";
import { type KernelOption, lackOf, lackText, withoutLacking } from "../../kernel/lacks.ts";
import type { Backend } from "../backend.ts";
import { isKernel } from "./backends.ts";

const OF_DRIVERS: readonly KernelOption[] = ["pfndiff.ko", "CONFIG_ZONE_DEVICE"];

/** What is left out of the traces of a kernel for lack of options, in a line each. */
export function leftOut(id: string, lacks: Iterable<KernelOption>): string[] {
  // Nothing is said of drivers: without the module no traces of them are drawn.
  return [...lacks]
    .filter((option) => lackOf(option).isOp !== undefined && !OF_DRIVERS.includes(option))
    .map((option) => `${id}: ${lackText(option)}; left out of all traces\n`);
}

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
  for (const { id, lacks } of kernels) for (const line of leftOut(id, lacks)) tell(line);
  const lacks = new Set(kernels.flatMap((kernel) => [...kernel.lacks]));
  return (seed, run) => withoutLacking(traceOf(seed, run), lacks);
}
