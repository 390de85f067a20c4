import type { DesignSpec } from "./machine.ts";

/** The code a fault is planted in. */
export type MutantPlace = "tracking" | "memtype" | "pfn ranges" | "mm" | "page table";

/**
 * A planted fault: a design with one thing done wrong. The oracle must tell it from the design it
 * was made of, its reference, unless it is declared equivalent.
 */
export interface Mutant {
  readonly id: string;
  readonly reference: "legacy" | "modern";
  readonly place: MutantPlace;
  /** The hook or function that is wrong, by its name in the project. */
  readonly at: string;
  /** What it does, in a few words. */
  readonly does: string;
  /** The release or proposal that did the same, where there was one. */
  readonly history?: string;
  /** It takes more than one step to show, or a failure: it may take ten times the usual ops. */
  readonly isRare?: true;
  /** Why nothing that can be observed differs; only such a mutant may stay unfound. */
  readonly equivalent?: string;
  readonly spec: DesignSpec;
}
