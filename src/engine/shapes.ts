import type { Outcome } from "../mm/errno.ts";
import type { Op } from "../trace/op.ts";
import type { World } from "../trace/trace.ts";

/** A running side whose state around an op can be told in a few small numbers. */
export interface ShapedSide {
  readonly outcome: Outcome;
  reset(world: World): void;
  apply(op: Op): unknown;
  /** Adds the shapes of what an op is about to act on, in a fixed order. */
  look(op: Op, shapes: number[]): void;
  /** What came of the last op, besides its outcome. */
  effect(): number;
}

/** Stirs a number into a 32-bit hash. */
export function mixed(hash: number, value: number): number {
  const product = Math.imul(hash ^ value, 0x9e3779b1);
  return product ^ (product >>> 15);
}
