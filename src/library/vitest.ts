import { expect } from "vitest";
import { judge } from "../oracle/judge.ts";
import type { Trace } from "../trace/trace.ts";
import { record } from "./index.ts";

/** Which models a matcher runs a trace on; the newest of each design unless told. */
export interface Pair {
  readonly before?: string;
  readonly after?: string;
}

interface PfndiffMatchers<R = unknown> {
  /** The trace shows this signature, such as `fixed:leak:unmap-head`, between two models. */
  toShow(signature: string, pair?: Pair): R;
  /** The trace shows nothing at all between two models. */
  toStayClean(pair?: Pair): R;
}

declare module "vitest" {
  interface Matchers<T> extends PfndiffMatchers<T> {}
}

/** The signatures of a trace's findings, each once. */
function signaturesOf(trace: Trace, { before = "legacy", after = "modern" }: Pair): string[] {
  const run = (id: string) => record(trace, id, { contexts: true });
  return [...new Set(judge(run(before), run(after)).findings.map(({ signature }) => signature))];
}

const listed = (signatures: readonly string[]) =>
  signatures.length === 0 ? "no finding" : signatures.join(", ");

expect.extend({
  toShow(trace: Trace, signature: string, pair: Pair = {}) {
    const shown = signaturesOf(trace, pair);
    return {
      pass: shown.includes(signature),
      message: () =>
        `expected the trace ${this.isNot === true ? "not " : ""}to show ${signature}; it shows ${listed(shown)}`,
      actual: shown,
      expected: signature,
    };
  },
  toStayClean(trace: Trace, pair: Pair = {}) {
    const shown = signaturesOf(trace, pair);
    return {
      pass: shown.length === 0,
      message: () =>
        this.isNot === true
          ? "expected the trace to show a finding; it shows none"
          : `expected the trace to stay clean; it shows ${listed(shown)}`,
    };
  },
});
