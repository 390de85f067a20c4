/** Functions of the tracking of PFN mappings, and what calls it. */
const TRACKING =
  /(^|_)(un)?track_|memtype|pfnmap|pfn_range|remap_pfn|pagerange|cachemode|follow_phys|copy_page_range|dup_mmap|split_vma|copy_vma|move_vma/;

/** Whether a function is of the tracking of PFN mappings, or close to it. */
export const isOfTracking = (name: string, file: string) =>
  !file.includes("/pfndiff_") && (file.startsWith("arch/x86/mm/pat/") || TRACKING.test(name));

/** A function by its name in the source: compilers add what they have made of it. */
const nameOf = (symbol: string) => symbol.replace(/\.(constprop|isra|part|cold)(\..*)?$/, "");

/**
 * Of the functions that an op passes, those of the tracking and those that a series patches, in the order of
 * their first calls; the latter are marked. One that the compiler put into its callers is not among them.
 */
export function passedText(passed: readonly string[], patched: readonly string[]): string {
  const names = [...new Set(passed.map(nameOf))];
  return names
    .filter((name) => patched.includes(name) || TRACKING.test(name))
    .map((name) => (patched.includes(name) ? `*${name}*` : name))
    .join(" ");
}
