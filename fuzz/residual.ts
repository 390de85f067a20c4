import { z } from "zod";
import { isPartedSignature } from "./witness.ts";
import { runsOf, type Tally } from "./tally.ts";

const chance = z.number().min(0).max(1);

/** How likely it is that one more run shows a signature that no run has shown. */
export const residualSchema = z.strictObject({ chance, low: chance, high: chance });

export type Residual = z.infer<typeof residualSchema>;

/** Two-sided 95 % of a normal distribution. */
const Z95 = 1.96;

/**
 * Good-Turing: of what `runs` runs showed, the signatures that a single run showed tell how much
 * is still unseen. The interval (95 %) is Esty's, whose variance is that of the signatures seen
 * once and twice; where nothing was rare, the rule of three keeps its upper end off zero.
 * `counts` holds how many runs showed each signature.
 */
export function residualOf(runs: number, counts: readonly number[]): Residual {
  if (runs === 0) return { chance: 1, low: 0, high: 1 };
  const once = counts.filter((count) => count === 1).length;
  const twice = counts.filter((count) => count === 2).length;
  const estimate = Math.min(1, once / runs);
  const spread = (Z95 * Math.sqrt(once * (1 - estimate) + 2 * twice)) / runs;
  const unseenAtAll = 1 - 0.05 ** (1 / runs);
  return {
    chance: estimate,
    low: Math.max(0, estimate - spread),
    high: Math.min(1, Math.max(estimate + spread, unseenAtAll)),
  };
}

/**
 * The chance that so many more runs show a signature that none of a tally's has shown; what shows only
 * where the sides had parted says nothing of them, and is no news.
 */
export function chanceOfNew(tally: Tally, runs: number): number {
  const told = Object.entries(tally.occurrences).filter(([name]) => !isPartedSignature(name));
  const counts = told.map(([, { count }]) => count);
  return 1 - (1 - residualOf(runsOf(tally), counts).chance) ** runs;
}
