import type { Finding as WholeFinding } from "../src/oracle/finding.ts";
import { isBetweenSides } from "../src/oracle/verdict.ts";
import type { Trace } from "../src/trace/trace.ts";
import { nextTurn } from "./executor.ts";

/** What a trial needs to know of a finding. */
type Finding = Pick<WholeFinding, "symptom" | "cause" | "side" | "step">;

/** What a reference and its mutant show of one trace, in order of steps. */
export type Shows = (trace: Trace) => readonly Finding[];

/** A finding that one side shows and the other does not. */
export interface Detection {
  /** Ops run until then, all traces before it included. */
  readonly ops: number;
  readonly symptom: string;
  readonly cause: string;
  /** The reference shows it and the mutant does not. */
  readonly isMissing: boolean;
  /** The run whose trace showed it, and the step. */
  readonly run: number;
  readonly step: number;
}

export interface Trial {
  /** Found beside its reference, or null. */
  readonly found: Detection | null;
  /** Found by what it shows alone that its reference never does, or null. */
  readonly alone: Detection | null;
  readonly ops: number;
}

export interface TrialOptions {
  readonly show: Shows;
  readonly traceOf: (run: number) => Trace;
  readonly ops: number;
  /** What the reference shows by itself, by keyOf(); grows with what it shows on the way. */
  readonly known: Set<string>;
  /** Stop once it is found beside its reference; what it shows alone is then not looked for. */
  readonly isFoundEnough?: boolean;
  /** Asked before every run. */
  readonly isStopped?: () => boolean;
}

/** A symptom and its cause, which is what makes two findings the same fault. */
export function keyOf({ symptom, cause }: Pick<Finding, "symptom" | "cause">): string {
  return `${symptom}:${cause}`;
}

function placeOf(finding: Finding): string {
  return `${keyOf(finding)}@${finding.step}`;
}

/** Findings of the one side that the other does not show at the same step. */
function onlyOn(side: Finding["side"], findings: readonly Finding[]): Finding[] {
  const other = new Set(findings.filter((finding) => finding.side !== side).map(placeOf));
  return findings.filter((finding) => finding.side === side && !other.has(placeOf(finding)));
}

/**
 * Runs traces on a reference and its mutant until both ways to find it have, or so many ops are
 * done. The before side is the reference.
 */
export async function tryMutant(options: TrialOptions): Promise<Trial> {
  const { show, traceOf, known, isFoundEnough = false } = options;
  const isStopped = options.isStopped ?? (() => false);
  let [found, alone]: [Detection | null, Detection | null] = [null, null];
  let ops = 0;
  for (let run = 0; ops < options.ops && !isStopped(); run++) {
    const trace = traceOf(run);
    const findings = show(trace);
    const detect = (finding: Finding | undefined): Detection | null => {
      if (finding === undefined || ops + finding.step >= options.ops) return null;
      const { symptom, cause, step } = finding;
      return {
        ops: ops + step + 1,
        symptom,
        cause,
        isMissing: finding.side === "before",
        run,
        step,
      };
    };
    found ??= detect(onlyOn("after", findings)[0] ?? onlyOn("before", findings)[0]);
    for (const finding of findings) if (finding.side === "before") known.add(keyOf(finding));
    alone ??= detect(
      findings.find((f) => f.side === "after" && !isBetweenSides(f) && !known.has(keyOf(f))),
    );
    ops += trace.ops.length;
    if (found !== null && (isFoundEnough || alone !== null)) break;
    if (run % 64 === 63) await nextTurn();
  }
  return { found, alone, ops };
}

/** What a design shows by itself in so many ops: the keys of its own findings. */
export function knownOf(show: Shows, traceOf: (run: number) => Trace, ops: number): Set<string> {
  const known = new Set<string>();
  for (let run = 0, done = 0; done < ops; run++) {
    const trace = traceOf(run);
    for (const finding of show(trace)) known.add(keyOf(finding));
    done += trace.ops.length;
  }
  return known;
}
