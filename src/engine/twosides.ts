import type { ModelBackend } from "../model/backend.ts";
import { judge } from "../oracle/judge.ts";
import { Differential } from "../oracle/differential.ts";
import type { JudgedFinding } from "../oracle/finding.ts";
import type { Retention } from "../oracle/state.ts";
import { judgeFindings } from "../oracle/verdict.ts";
import { isDriverOp } from "../trace/driverkinds.ts";
import { Flattener } from "../trace/flatop.ts";
import type { Trace } from "../trace/trace.ts";
import { ModelSide } from "./modelside.ts";

/** What two models show of one trace. */
export interface Shown {
  readonly findings: readonly Pick<
    JudgedFinding,
    "symptom" | "cause" | "side" | "step" | "signature"
  >[];
  readonly retention: { readonly before: Retention; readonly after: Retention };
}

/**
 * Two models and the oracle. System calls are judged from memory as they run; traces of drivers by
 * their recordings, because the ledger follows system calls only.
 */
export class TwoSides {
  private readonly oracle = new Differential();
  private readonly flattener = new Flattener();
  private readonly beforeSide: ModelSide;
  private readonly afterSide: ModelSide;

  constructor(
    private readonly before: ModelBackend,
    private readonly after: ModelBackend,
  ) {
    this.beforeSide = new ModelSide(before);
    this.afterSide = new ModelSide(after);
  }

  run(trace: Trace): Shown {
    if (!trace.ops.some(isDriverOp)) return this.runLive(trace);
    const contexts = { contexts: true };
    return judge(this.before.recordSync(trace, contexts), this.after.recordSync(trace, contexts));
  }

  private runLive(trace: Trace): Shown {
    const findings = this.judgeLive(trace);
    const { before, after } = this.oracle;
    return {
      findings,
      retention: { before: { ...before.retention }, after: { ...after.retention } },
    };
  }

  private judgeLive({ world, ops }: Trace): readonly JudgedFinding[] {
    const { oracle, beforeSide, afterSide } = this;
    beforeSide.reset(world);
    afterSide.reset(world);
    oracle.reset(world);
    for (const each of ops) {
      const op = this.flattener.of(each);
      oracle.judge(op, beforeSide.apply(op), afterSide.apply(op));
    }
    return judgeFindings(oracle.before.findings, oracle.after.findings);
  }
}
