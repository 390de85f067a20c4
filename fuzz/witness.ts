import type { CampaignFinding, JudgedFinding, Side } from "../src/oracle/finding.ts";
import type { Trace } from "../src/trace/trace.ts";
import type { Differential } from "./differential.ts";
import { shrinkLater } from "./shrink.ts";
import type { Occurrences } from "./tally.ts";

/** A signature that its trace showed in the campaign and never again. */
export class LostFinding extends Error {
  constructor(
    signature: string,
    readonly trace: Trace,
  ) {
    super(`${signature} does not hold: what a trace shows depends on those before it`);
  }
}

const PARTED = "parted:";

/** Whether a signature says that its symptom showed only where the sides had parted. */
export function isPartedSignature(signature: string): boolean {
  return signature.startsWith(PARTED);
}

/** The traces to start from: later ops seldom matter, but a verdict may come from what the other side does in them. */
function startsOf(whole: Trace, { best }: Occurrences): Trace[] {
  return [{ ...whole, ops: whole.ops.slice(0, best.step + 1) }, whole];
}

/** A finding shows the trace under its own name. */
const named = (trace: Trace, signature: string): Trace => ({ ...trace, name: signature });

/** Looks for a finding in a trace. */
function finder(
  signature: string,
  shows: (finding: JudgedFinding) => boolean,
  differential: Differential,
): (trace: Trace) => Promise<JudgedFinding | null> {
  return async (looked) => {
    const { findings } = await differential(named(looked, signature));
    return findings.find(shows) ?? null;
  };
}

/** What the campaign keeps of a finding. To read its sentence may take another run. */
function keptOf(found: JudgedFinding, seen: Occurrences, trace: Trace): CampaignFinding {
  const { signature, symptom, verdict, cause, side, parted, detail, step } = found;
  const { count, firstRun } = seen;
  const what = { signature, symptom, verdict, cause, count, firstRun };
  return { ...what, side, parted, detail, trace: named(trace, signature), step };
}

/**
 * A signature in the trace that shows it best, shrunk by a differential that stands for the real one
 * where that is too slow to be asked thousands of times; what it leads to is confirmed by the real one.
 * With null nothing is shrunk, but the trace cut after the step that shows it; once `isOver` says so, the least
 * trace so far will do.
 *
 * Of a parted one, a trace is looked for on the way in which the sides have not parted: there its
 * symptom has another verdict, and that is the finding.
 */
export async function findingIn(
  whole: Trace,
  signature: string,
  seen: Occurrences,
  real: Differential,
  proxy: Differential | null = real,
  isOver: () => boolean = () => false,
): Promise<CampaignFinding> {
  const starts = startsOf(whole, seen);
  const shows = isPartedSignature(signature)
    ? sameOnOneSide(signature, sideOf(seen))
    : (finding: JudgedFinding) => finding.signature === signature;
  const search = new Search(signature, shows, proxy, isOver);
  const found = await search.from(starts);
  if (search.unparted !== null) {
    const { trace, verdict } = search.unparted;
    const better = await unpartedIn(trace, verdict, seen, real, proxy, isOver);
    if (better !== null) return better;
  }
  const confirm = finder(signature, shows, real);
  for (const candidate of found === null ? starts : [found, ...starts]) {
    const finding = await confirm(candidate);
    if (finding !== null) return keptOf(finding, seen, candidate);
  }
  throw new LostFinding(signature, whole);
}

/** The finding with a verdict that a trace shows, shrunk; null where the real one does not have it. */
async function unpartedIn(
  trace: Trace,
  signature: string,
  { count, firstRun, best }: Occurrences,
  real: Differential,
  proxy: Differential | null,
  isOver: () => boolean,
): Promise<CampaignFinding | null> {
  const step = trace.ops.length - 1;
  try {
    const seen = { count, firstRun, best: { ...best, step } };
    return await findingIn(trace, signature, seen, real, proxy, isOver);
  } catch (error) {
    if (error instanceof LostFinding) return null;
    throw error;
  }
}

/** The side that an occurrence of a parted signature is of. */
function sideOf({ sides }: Occurrences): Side {
  return sides?.before === undefined ? "after" : "before";
}

/** Whether a finding is of the symptom and cause of a parted signature, on that side, whatever its verdict. */
function sameOnOneSide(signature: string, side: Side): (finding: JudgedFinding) => boolean {
  const key = signature.slice(PARTED.length);
  return (finding) => finding.side === side && `${finding.symptom}:${finding.cause}` === key;
}

/** Shrinks what shows a finding, and notices a trace in which it shows before the sides have parted. */
class Search {
  unparted: { readonly trace: Trace; readonly verdict: string } | null = null;

  constructor(
    private readonly signature: string,
    private readonly shows: (finding: JudgedFinding) => boolean,
    private readonly proxy: Differential | null,
    private readonly isOver: () => boolean,
  ) {}

  /** The least trace that shows it, from the first of these that does, or null. */
  async from(starts: readonly Trace[]): Promise<Trace | null> {
    if (this.proxy === null) return null;
    const { proxy } = this;
    const holds = (trace: Trace) => this.holds(trace, proxy);
    for (const start of starts) {
      if (await holds(start)) return shrinkLater(start, holds);
    }
    return null;
  }

  private async holds(trace: Trace, proxy: Differential): Promise<boolean> {
    if (this.unparted !== null || this.isOver()) return false;
    const { findings } = await proxy(named(trace, this.signature));
    const shown = findings.filter(this.shows);
    const found = shown.find(({ parted }) => !parted);
    if (found !== undefined && isPartedSignature(this.signature)) {
      this.unparted = { trace, verdict: found.signature };
      return false;
    }
    return shown.length > 0;
  }
}
