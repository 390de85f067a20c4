import type { CampaignFinding, JudgedFinding, Side } from "../../src/oracle/finding.ts";
import type { Op } from "../../src/trace/op.ts";
import type { Step } from "../../src/trace/recording.ts";

/** One step of a witness on both sides, and what was found at it. */
export interface WitnessStep {
  readonly op: Op;
  readonly before: Step;
  readonly after: Step;
  readonly findings: readonly JudgedFinding[];
}

/** A finding with its minimal trace run again; a replay's steps fit as they are. */
export interface Witness {
  readonly finding: CampaignFinding;
  readonly steps: readonly WitnessStep[];
}

/** How a side shows that it tracks a VMA, as far as steps tell. */
type Shown = "flag" | "context" | "nothing";

function shownBy(witnesses: readonly Witness[], side: Side): Shown {
  for (const { steps } of witnesses) {
    for (const step of steps) {
      const { vmas, contexts = [] } = step[side];
      if (contexts.length > 0) return "context";
      for (const list of Object.values(vmas)) {
        if (list.some(({ pat }) => pat !== undefined)) return "flag";
      }
    }
  }
  return "nothing";
}

/**
 * Whether the sides keep their tracking in the same way, as far as their steps show: then one
 * fault is all that can make their states differ. A side without flags and contexts that anyone
 * can see may keep the other's contexts; flags are always seen.
 */
export function areAlike(witnesses: readonly Witness[]): boolean {
  const [before, after] = [shownBy(witnesses, "before"), shownBy(witnesses, "after")];
  return before === after || (before !== "flag" && after !== "flag");
}
