import { plural } from "../counted.ts";
import type { Side } from "../oracle/finding.ts";
import type { Witness } from "./claim.ts";
import type { CutCount, Facts } from "./facts.ts";
import type { Evidence } from "./gather.ts";
import { WITNESSES, type WitnessId } from "./witnesses.ts";

/** A part of a whole in percent. */
export function share(part: number, whole: number): string {
  return whole === 0 ? "none" : `${((100 * part) / whole).toFixed(1)} %`;
}

export function addCuts(a: CutCount, b: CutCount): CutCount {
  return { all: a.all + b.all, exact: a.exact + b.exact };
}

/** What the recordings of real kernels say, a sentence for those that say the same, or that there are none. */
export function kernelsText(
  { kernels }: Evidence,
  side: Side,
  says: (facts: Facts) => string,
): string[] {
  const recorded = kernels.filter((kernel) => kernel.side === side);
  if (recorded.length === 0) return [`No recording of a real kernel of that side was there.`];
  const alike = new Map<string, string[]>();
  for (const { release, facts } of recorded) {
    const said = `${plural(facts.traces, "recorded trace")}: ${says(facts)}.`;
    alike.set(said, [...(alike.get(said) ?? []), release]);
  }
  return [...alike].map(([said, releases]) =>
    releases.length === 1
      ? `Kernel ${releases[0]}, ${said}`
      : `Kernels ${releases.join(", ")}, of each ${said}`,
  );
}

/** The first of these witnesses that came up. */
export function witnessOf(
  { witnesses }: Evidence,
  ...wanted: readonly WitnessId[]
): { readonly witness?: Witness } {
  for (const id of wanted) {
    const trace = witnesses.get(id);
    const kind = WITNESSES.find((one) => one.id === id);
    if (trace === undefined || kind === undefined) continue;
    return { witness: { says: kind.says, trace, pair: kind.pair } };
  }
  return {};
}

/** What exploring found, where it found anything: nothing shorter shows it; else another witness. */
export function orWitness(
  explored: Witness | undefined,
  other: { readonly witness?: Witness },
): { readonly witness?: Witness } {
  return explored === undefined ? other : { witness: explored };
}
