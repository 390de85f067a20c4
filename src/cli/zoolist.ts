/** A known bug and where it shows: on one side of two backends, as a symptom and cause. */
export interface ZooBug {
  /** Its name in the catalogue of known bugs. */
  readonly id: string;
  readonly title: string;
  /** The backend that has it, and the one that has not. */
  readonly has: string;
  readonly lacks: string;
  /** Which findings of the first side, or between the sides, are this bug's: `symptom:cause in op`. */
  readonly shows: RegExp;
}

function bug(id: string, title: string, has: string, lacks: string, shows: RegExp): ZooBug {
  return { id, title, has, lacks, shows };
}

/** The bugs that ops can express, oldest design first. */
export const ZOO: readonly ZooBug[] = [
  bug("L1", "partial munmap, head first", "legacy", "modern", /^double-untrack:unmap-head/),
  bug("L2", "munmap of a middle", "legacy", "modern", /^double-untrack:unmap-middle/),
  bug("L3", "split, then munmap of the whole", "legacy", "modern", /^leak:split/),
  bug("L5", "end match shrinks another's entry", "legacy", "modern", /^wrong-owner.*:end-match/),
  bug("L7", "equal entry of another is taken", "legacy", "modern", /^wrong-owner.*:equal-match/),
  bug("L10", "move of a tail strips the rest", "legacy", "modern", /^leak:move-tail/),
  bug("L11", "move of a head strips the rest", "legacy", "modern", /^leak:move-head/),
  bug("L13", "failed copy leaves VM_PAT", "legacy@6.1.0", "legacy@6.1", /^warning:fork/),
  bug("L14", "failed copy leaks", "legacy@6.6.0", "legacy@6.1", /^leak:fork/),
  bug("L15", "failed track leaves VM_PAT", "legacy@6.6.0", "legacy@6.1", /^warning:fork/),
  bug(
    "L16",
    "failed fork frees the parent's range",
    "legacy@6.12.0",
    "legacy@6.12",
    /^(untracked-mapping|wrong-owner-untrack|double-untrack):/,
  ),
  bug(
    "L17",
    "... and two modes meet on one page",
    "legacy@6.12.0",
    "legacy@6.12",
    /^(alias|missed-conflict):/,
  ),
  bug(
    "L18",
    "copied first page loses the pfn",
    "legacy@6.6.0",
    "legacy@6.1",
    /^leak:(unmap|cow|split)/,
  ),
  bug("L19", "fork of a copied first page fails", "legacy", "modern", /^refused:cow-head/),
  bug(
    "L21",
    "vm_area_dup() drops VM_PAT",
    "legacy@6.12.23",
    "legacy@6.12",
    /^leak:(unmap|move|mremap|split)/,
  ),
  bug(
    "L22",
    "failed move clears the source",
    "legacy@6.15",
    "legacy@6.12",
    /^(warning|leak|untracked-mapping|double-untrack):/,
  ),
  bug(
    "L23",
    "a zap untracks the whole VMA",
    "legacy",
    "modern",
    /^(alias|missed-conflict|untracked-mapping):.*zap/,
  ),
  bug(
    "L26",
    "zap, then munmap warns (proposal D1)",
    "variant:D1",
    "legacy",
    /^warning:(exit|munmap|drv-)/,
  ),
  bug("L27", "failed remap warns", "legacy", "modern", /^warning:mmap/),
  bug("L32", "a leak refuses later mappings", "legacy", "modern", /^refused:leaked/),
  bug(
    "N1",
    "unmapped pages keep their type",
    "modern",
    "legacy",
    /^(refused|stale-memtype):(retained|bridge)/,
  ),
  bug(
    "N5",
    "repeated whole remaps are refused",
    "modern",
    "legacy",
    /^errno:(remap|dma)-window-EINVAL-to-ok/,
  ),
  bug(
    "N6",
    "whole remap after a zap is refused",
    "modern",
    "legacy",
    /^errno:(remap-EINVAL-to-ok in drv-run|zap-EINVAL-to-ok)/,
  ),
];

/** Known bugs that the zoo does not look for by themselves, and why. */
export const NOT_IN_ZOO: readonly (readonly [ids: string, why: string])[] = [
  ["L4 L6 L12 L20 L29 L30", "another way to L3, L5 or L11, and shown as that"],
  ["L8 L9", "gone since 4.5: lattice has the design without 2039e6a"],
  ["L24 L28 N9", "a race, or a driver's close(): ops run one by one"],
  ["L25", "of a proposal only: what shipped clears VM_PAT at the zap"],
  ["L31 L34", "no op maps the ISA hole, or RAM and a device as one"],
  ["L33", "the calls of N5, which leaked before they were refused"],
  ["L35 N8 N10 N12", "nothing that a recording shows depends on it"],
  ["L36 N11 N13 N16", "kept by every release: there is no side without it"],
  ["N7", "takes 2^31 duplicates of one VMA"],
  ["N14", "a question, answered by N1"],
];
