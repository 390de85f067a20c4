import type { Op } from "../trace/op.ts";
import type { Trace } from "../trace/trace.ts";
import { Differential } from "./differential.ts";
import type { LiveSide } from "./observed.ts";
import type { SideFinding } from "./sidefinding.ts";
import { judgeFindings } from "./verdict.ts";

/** Somebody else who looks at both sides around every op. */
export interface OpWatcher {
  before(op: Op, before: LiveSide, after: LiveSide): void;
  after(op: Op, before: LiveSide, after: LiveSide): void;
}

/**
 * Both sides and the oracle go through a trace together, and nothing is recorded. The findings are
 * those that judge() has of the sides' recordings; their sentences are made when somebody reads them.
 */
export class LivePair {
  readonly oracle = new Differential();

  constructor(
    private readonly before: LiveSide,
    private readonly after: LiveSide,
  ) {}

  /** Runs a trace on both sides and judges it. */
  run({ world, ops }: Trace, watcher: OpWatcher | null = null): readonly SideFinding[] {
    const { before, after, oracle } = this;
    before.reset(world, ops);
    after.reset(world, ops);
    oracle.reset(world);
    if (before.willShowTheSameAs?.(after) === true) this.runOne(ops, watcher);
    else this.runBoth(ops, watcher);
    return judgeFindings(oracle.before.findings, oracle.after.findings);
  }

  private runBoth(ops: readonly Op[], watcher: OpWatcher | null): void {
    const { before, after, oracle } = this;
    for (const op of ops) {
      watcher?.before(op, before, after);
      oracle.judge(op, before.apply(op), after.apply(op));
      watcher?.after(op, before, after);
      if (before.isOver || after.isOver) return;
    }
  }

  /** Goes through a trace on one side, where the other is known to show the same at every step. */
  private runOne(ops: readonly Op[], watcher: OpWatcher | null): void {
    const { before, oracle } = this;
    for (const op of ops) {
      watcher?.before(op, before, before);
      oracle.judgeAlike(op, before.apply(op));
      watcher?.after(op, before, before);
      if (before.isOver) break;
    }
    oracle.mirror();
  }
}
