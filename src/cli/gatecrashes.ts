import type { Difference, Differential } from "../../fuzz/differential.ts";
import { shrinkLater } from "../../fuzz/shrink.ts";
import type { GateProblem } from "../gate.ts";
import type { Sides } from "../trace/read.ts";
import type { Trace } from "../trace/trace.ts";
import { UserError } from "../usererror.ts";
import { openPair } from "./backends.ts";
import { replayOn } from "./bothsides.ts";
import { NOTHING } from "./kernelcampaign.ts";

interface Crash extends Sides {
  readonly error: Error;
  readonly trace: Trace;
}

/** What two errors of one fault share: their words without the numbers. */
const keyOf = ({ message }: Error): string => message.replace(/\d+/g, "N");

/**
 * Traces in which a design or the oracle throws. To the gate that is a divergence like any other:
 * a change of a design did it, and to find out which one must be able to tell commits apart.
 */
export class Crashes {
  private readonly first = new Map<string, Crash>();

  /** Keeps what a trace threw; what is not ours is thrown on. */
  keep(error: unknown, trace: Trace, { before, after }: Sides): void {
    if (!(error instanceof Error) || error instanceof UserError) throw error;
    const key = keyOf(error);
    if (!this.first.has(key)) this.first.set(key, { error, trace, before, after });
  }

  /** A differential of models that shows nothing where it throws; it is then made anew. */
  guarded(sides: Sides, make: () => Differential): Differential {
    let differential = make();
    return (trace): Difference | Promise<Difference> => {
      try {
        return differential(trace);
      } catch (error) {
        this.keep(error, trace, sides);
        differential = make();
        return NOTHING;
      }
    };
  }

  /** Each as a problem of the gate, with the least trace that throws the same. */
  async problems(): Promise<(GateProblem & Sides & { readonly trace: Trace })[]> {
    return Promise.all(
      [...this.first.values()].map(async ({ error, trace, before, after }) => ({
        fault: "new" as const,
        signature: `crash:${error.message}`,
        detail: (error.stack ?? "").split("\n").slice(1, 4).join("").trim(),
        trace: await leastOf(trace, (less) => throwsLike(error, { before, after }, less)),
        before,
        after,
      })),
    );
  }
}

/** The trace itself where it throws only after others. */
async function leastOf(trace: Trace, holds: (less: Trace) => Promise<boolean>): Promise<Trace> {
  return (await holds(trace)) ? shrinkLater(trace, holds) : trace;
}

async function throwsLike(error: Error, sides: Sides, trace: Trace): Promise<boolean> {
  try {
    await replayOn(await openPair(sides), trace);
    return false;
  } catch (other) {
    return other instanceof Error && keyOf(other) === keyOf(error);
  }
}
