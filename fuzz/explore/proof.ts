import type { Baseline, BaselineEntry } from "../../src/gate.ts";
import type { PlainBounds } from "../../src/trace/bounds.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { shrink } from "../shrink.ts";
import type { Certificate } from "./certificate.ts";

/**
 * A baseline whose entries of the certificate's pair hold one of the shortest traces that show them,
 * as far as the certificate says that, and the bounds within which no sequence is shorter. An entry
 * whose own trace is shorter than every sequence of the certificate stays as it is.
 *
 * @param findingsOf the signatures that a trace shows of the pair
 */
export function proven(
  baseline: Baseline,
  certificate: Certificate,
  findingsOf: (trace: Trace) => readonly string[],
): Baseline {
  const { before, after, witnesses, bounds } = certificate;
  const entries = baseline.entries.map((entry): BaselineEntry => {
    const { signature, trace } = entry;
    const witness = witnesses.find((each) => each.signature === signature);
    if (witness === undefined || entry.before !== before || entry.after !== after) return entry;
    if (witness.depth > fewestOps(trace)) return entry;
    if (witness.depth < fewestOps(trace)) {
      const shorter = shrink(witness.trace, (each) => findingsOf(each).includes(signature));
      return { ...entry, trace: shorter, proven: bounds };
    }
    // One as long is no better: it may take what no program can do, such as a driver's claim.
    const says = entry.proven === undefined || isWider(bounds, entry.proven);
    return says ? { ...entry, proven: bounds } : entry;
  });
  return { ...baseline, entries };
}

/** Ops of a trace after the first process is there, as bounds count them. */
function fewestOps({ ops }: Trace): number {
  return ops.length - 1;
}

/** Whether bounds say more than others: they take in all of them, or they lie elsewhere and reach deeper. */
function isWider(bounds: PlainBounds, other: PlainBounds): boolean {
  if (contains(other, bounds)) return false;
  return contains(bounds, other) || bounds.depth > other.depth;
}

const NUMBERS = ["procs", "slots", "pages", "depth"] as const;

function contains(bounds: PlainBounds, other: PlainBounds): boolean {
  const groups = new Set(bounds.with ?? []);
  return (
    bounds.mtrr === other.mtrr &&
    bounds.region === other.region &&
    bounds.pat === other.pat &&
    bounds.maps === other.maps &&
    NUMBERS.every((name) => bounds[name] >= other[name]) &&
    (other.with ?? []).every((name) => groups.has(name))
  );
}
