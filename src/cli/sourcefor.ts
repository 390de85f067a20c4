import type { SourceName } from "../../fuzz/sources.ts";
import { UserError } from "../../src/usererror.ts";
import { isModel, isTree, type Pair } from "./backends.ts";

/** What a campaign draws, where that is to be one kind of traces alone. */
export interface SourceOptions {
  /** System calls, none of which is told to fail. */
  readonly plain?: boolean;
  /** System calls, some of whose allocations are told to fail. */
  readonly faults?: boolean;
  /** Drivers' handlers that make any calls, and the kernel's own mappings. */
  readonly idioms?: boolean;
  /** Drivers that make mistakes. */
  readonly mistakes?: boolean;
  /** A driver claims the device meanwhile. */
  readonly claims?: boolean;
  /** There are several regions. */
  readonly regions?: boolean;
  /** Drivers insert pages in pieces of 2 MiB. */
  readonly pieces?: boolean;
  /** Nodes of the tree of VMAs cannot be had. */
  readonly nodes?: boolean;
}

/**
 * The source that is asked for, or else what the pair can run: models take the mixture of all, trees what they know
 * of it, and real kernels its system calls whose allocations nobody has to fail.
 */
export function sourceFor(
  { before, after }: Pair,
  { plain, faults, idioms, mistakes, claims, regions, pieces, nodes }: SourceOptions,
): SourceName {
  if (plain === true) return "plain";
  if (faults === true) return "faults";
  if (mistakes === true) return "mistakes";
  if (claims === true) return "claims";
  if (regions === true) return "regions";
  if (pieces === true) return "pieces";
  const sides = [before, after];
  if (nodes === true) {
    if (sides.every(isTree)) return "nodes";
    throw new UserError("--nodes is for two kernel trees: no model has the nodes of a VMA tree");
  }
  if (idioms === true) return sides.some(isTree) ? "drivers" : "idioms";
  if (sides.every(isModel)) return "mixed";
  return sides.every((side) => isModel(side) || isTree(side)) ? "trees" : "plain";
}
