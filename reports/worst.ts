import type { Root } from "../fuzz/roots/root.ts";
import type { Verdict } from "../src/oracle/severity.ts";

/** So many roots are told in full; the others are a click away. */
const WORST = 3;

/** A root and what a report knows of its findings. */
export interface Weighed {
  readonly root: Root;
  /** How many of its findings the gate fails on. */
  readonly fresh: number;
  readonly verdicts: readonly Verdict[];
}

/** Those with something that is not accepted first, then as they are: the graver. */
export function byStanding<T extends Weighed>(gravestFirst: readonly T[]): T[] {
  return [...gravestFirst].sort((a, b) => Number(b.fresh > 0) - Number(a.fresh > 0));
}

/**
 * The three worst of roots by standing, and the others. The third makes room for the gravest that was introduced where
 * none of the three was: what a change did is asked first, and what it found there may be graver.
 */
export function worstOf<T extends Weighed>(roots: readonly T[]): { worst: T[]; others: T[] } {
  const at = Math.max(
    roots.findIndex(({ verdicts }) => verdicts.includes("introduced")),
    WORST - 1,
  );
  const chosen = (_: T, index: number) => index < WORST - 1 || index === at;
  return { worst: roots.filter(chosen), others: roots.filter((one, index) => !chosen(one, index)) };
}
