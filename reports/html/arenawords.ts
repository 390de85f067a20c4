import type { ArenaResult } from "../arena.ts";
import { perOps, rateOf } from "../arenatext.ts";

/** Whether a design is one of the two that were released. */
export const isShipped = ({ design }: Pick<ArenaResult, "design">): boolean =>
  design === "legacy" || design === "modern";

/** A figure that a chart draws, one bar a design. */
export interface ArenaFigure {
  readonly name: string;
  readonly meaning: string;
  of(result: ArenaResult): number;
}

/** The figures that answer most, in reading order; all are per 10,000 ops. */
export const ARENA_FIGURES: readonly ArenaFigure[] = [
  {
    name: "Leaks",
    meaning: "reservations that nothing will ever free",
    of: (result) => rateOf(result, ["leak"]),
  },
  {
    name: "Invalid frees",
    meaning: "untracks that found no reservation of their own",
    of: (result) => rateOf(result, ["double-untrack"]),
  },
  {
    name: "Unguarded",
    meaning: "mapped without a reservation, or with two cache modes",
    of: (result) => rateOf(result, ["untracked-mapping", "alias", "missed-conflict"]),
  },
  {
    name: "Wrong mode or refused",
    meaning: "mappings that exact tracking would have granted as asked",
    of: (result) => rateOf(result, ["stale-memtype", "refused"]),
  },
  {
    name: "Over-retention",
    meaning: "page-ops: pages kept past their last mapping, summed over ops",
    of: (result) => perOps(result, result.pageOps),
  },
];

/** A dot of the plot: a design by what it leaks and what it keeps too long, in 10,000 ops. */
export interface ArenaDot {
  readonly design: string;
  readonly leaks: number;
  readonly kept: number;
}

/** Where each design stands between its leaks and its over-retention. */
export function arenaDots(designs: readonly ArenaResult[]): ArenaDot[] {
  return designs.map((result) => ({
    design: result.design,
    leaks: rateOf(result, ["leak"]),
    kept: perOps(result, result.pageOps),
  }));
}

/** One decimal where it says something. */
export function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(1);
}

/** What a design costs that a kernel would rather not pay, in words; empty where nothing. */
export function priceOf(result: ArenaResult): string[] {
  const { allocationsInFree, allocationsInSplit, foreignVmas, bytes } = result;
  const count = (n: number) => n.toLocaleString("en");
  return [
    ...(allocationsInFree > 0
      ? [`${count(allocationsInFree)} allocations in paths that must not fail`]
      : []),
    ...(allocationsInSplit > 0 ? [`${count(allocationsInSplit)} allocations in splits`] : []),
    ...(foreignVmas > 0
      ? [`${count(foreignVmas)} VMAs of other processes changed without their lock`]
      : []),
    ...(bytes.vma > 0 ? [`${bytes.vma} bytes in every VMA`] : []),
  ];
}
