import { expect, it } from "vitest";
import { openPair } from "../../src/cli/backends.ts";
import { openWork, readyTraces } from "../../src/cli/benchwork.ts";
import { differentialOf } from "../../src/cli/campaign.ts";
import { traceSchema } from "../../src/trace/trace.ts";
import { IS_LONG } from "../long.ts";

it("a trace that is moved to the end of a big world shows what it shows as drawn", async () => {
  const differential = differentialOf(await openPair({ before: "legacy", after: "modern" }));
  const shown = async (place: "drawn" | "moved") => {
    const signatures: string[][] = [];
    for (const trace of readyTraces(place, 200)) {
      const { findings } = await differential(trace);
      signatures.push(findings.map(({ signature, step }) => `${step} ${signature}`).sort());
    }
    return signatures;
  };
  expect(await shown("moved")).toEqual(await shown("drawn"));
});

it.each(["moved", "stretched"] as const)("a trace that is %s lies inside its world", (place) => {
  for (const trace of readyTraces(place, 200)) {
    expect(traceSchema.safeParse(trace).error).toBeUndefined();
    expect(trace.world).toMatchObject({ pfns: 1_000, vpages: 1_000 });
  }
});

it.runIf(IS_LONG)("an op beside reservations is counted without those that make them", async () => {
  const work = await openWork({ kind: "reservations", count: 60, processes: 2 });
  const { ops } = await work(1);
  expect(ops).toBeGreaterThan(0);
  expect(ops % (64 * 6)).toBe(0);
});
