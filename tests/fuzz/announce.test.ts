import { expect, test } from "vitest";
import { tallyRuns } from "../../fuzz/executor.ts";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { toyDifference } from "./toy.ts";

const SEED = 11;

test("a range announces every trace once, before it is run and the batch before it is through", async () => {
  const [announced, log]: [Trace[], string[]] = [[], []];
  const run = (trace: Trace) => {
    log.push(announced.includes(trace) ? "known" : "unknown");
    return toyDifference(trace);
  };
  const announce = (traces: readonly Trace[]) => {
    announced.push(...traces);
    log.push(`+${traces.length}`);
  };
  const tally = await tallyRuns(SEED, 5, 175, Object.assign(run, { announce }));
  expect(tally).toEqual(await tallyRuns(SEED, 5, 175, toyDifference));
  expect(announced.map(({ name }) => name)).toEqual(
    [...Array(170).keys()].map((n) => traceOfRun(SEED, n + 5).name),
  );
  const known = (count: number) => Array.from({ length: count }, () => "known");
  const order = ["+64", "+64", ...known(64), "+42", ...known(64), "+0", ...known(42)];
  expect(log).toEqual(order);
});
