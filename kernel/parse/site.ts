import type { AllocationSite } from "../../src/pat/kernelstate.ts";
import { UnreadableKernelText } from "./memtype.ts";
import { framesBelow } from "./splat.ts";

/** The functions that allocate at the sites of traces, by the beginning of their names (guest/faults.c aims at them). */
export const ALLOCATORS: readonly (readonly [name: string, site: AllocationSite])[] = [
  ["memtype_reserve", "memtype"],
  ["pte_alloc_one", "page-table"],
  ["vm_area_dup", "vma"],
  ["__split_vma", "vma-setup"],
  ["remap_pfn_range", "context"],
  ["do_remap_pfn_range", "context"],
];

/**
 * The site whose allocation a kernel's log says was failed on request: that of the innermost of the functions.
 * Throws UnreadableKernelText where the log tells of none.
 */
export function failedSite(log: readonly string[]): AllocationSite {
  const frames = framesBelow(log, "FAULT_INJECTION: forcing a failure");
  for (const frame of frames) {
    const site = ALLOCATORS.find(([name]) => frame.startsWith(name))?.[1];
    if (site !== undefined) return site;
  }
  throw new UnreadableKernelText(
    `no site of traces allocates in ${frames.join(" < ") || "no stack"}`,
  );
}
