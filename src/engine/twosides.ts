import { takeOp } from "../flat/encode.ts";
import { beginTrace, costOf, step } from "../flat/engine.ts";
import type { PlainDesign } from "../flat/sides.ts";
import { judgedFindings } from "../flat/verdict.ts";
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
import { plainDesign } from "./plain.ts";

/** What two models show of one trace. */
export interface Shown {
  readonly findings: readonly Pick<
    JudgedFinding,
    "symptom" | "cause" | "side" | "step" | "signature"
  >[];
  readonly retention: { readonly before: Retention; readonly after: Retention };
}

/**
 * Two models and the oracle. System calls are judged from memory as they run, on the flat engine
 * where both designs are plain and it holds the trace; traces of drivers by their recordings,
 * because the ledger follows system calls only.
 */
export class TwoSides {
  private readonly oracle = new Differential();
  private readonly flattener = new Flattener();
  private readonly beforeSide: ModelSide;
  private readonly afterSide: ModelSide;
  private readonly plain: readonly [PlainDesign | null, PlainDesign | null];

  constructor(
    private readonly before: ModelBackend,
    private readonly after: ModelBackend,
  ) {
    this.beforeSide = new ModelSide(before);
    this.afterSide = new ModelSide(after);
    this.plain = [plainDesign(before), plainDesign(after)];
  }

  run(trace: Trace): Shown {
    return this.runFlat(trace) ?? this.runReadable(trace);
  }

  private runFlat(trace: Trace): Shown | null {
    const [before, after] = this.plain;
    if (before === null || after === null || !beginTrace(before, after, trace)) return null;
    for (const op of trace.ops) if (!takeOp(op) || !step()) return null;
    return {
      findings: judgedFindings(() => this.judgeLive(trace)),
      retention: { before: costOf(0), after: costOf(1) },
    };
  }

  private runReadable(trace: Trace): Shown {
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
