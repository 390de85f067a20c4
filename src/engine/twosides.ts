import type { ModelBackend } from "../model/backend.ts";
import type { JudgedFinding } from "../oracle/finding.ts";
import { LivePair } from "../oracle/livepair.ts";
import type { Retention } from "../oracle/state.ts";
import type { Trace } from "../trace/trace.ts";
import { ModelSide } from "./modelside.ts";

/** What two models show of one trace. */
export interface Shown {
  readonly findings: readonly JudgedFinding[];
  readonly retention: { readonly before: Retention; readonly after: Retention };
}

/** Two models and the oracle, judged from memory as they run. */
export class TwoSides {
  private readonly pair: LivePair;

  constructor(before: ModelBackend, after: ModelBackend) {
    this.pair = new LivePair(new ModelSide(before), new ModelSide(after));
  }

  run(trace: Trace): Shown {
    const findings = this.pair.run(trace);
    const { before, after } = this.pair.oracle;
    return {
      findings,
      retention: { before: { ...before.retention }, after: { ...after.retention } },
    };
  }
}
