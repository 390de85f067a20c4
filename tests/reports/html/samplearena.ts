import { type Arena, type ArenaResult, arenaSchema } from "../../../reports/arena.ts";
import { scenarioNamed } from "../../../src/scenarios/index.ts";
import { SYMPTOMS, type Symptom } from "../../../src/oracle/finding.ts";

/** A sequence that leaks before. */
const LEAK = scenarioNamed("munmap-head").trace;

function result(design: string, faults: Partial<Record<Symptom, number>>): ArenaResult {
  const of = (symptom: Symptom) => faults[symptom] ?? 0;
  return {
    design,
    does: `what ${design} does`,
    bytes: { vma: 8, context: 24, reservation: 0, source: "as it is" },
    ops: 20_000,
    faults: Object.fromEntries(SYMPTOMS.map((s) => [s, of(s)])) as ArenaResult["faults"],
    pageOps: of("over-retention") * 3,
    refused: 1,
    changed: 2,
    allocationsInFree: 0,
    allocationsInSplit: of("untracked-mapping"),
    foreignVmas: 0,
    meanVmas: 2.5,
    meanReservations: 2.5,
    meanContexts: null,
    bytesPerVma: 73,
    opsPerSecond: 1_234_567,
    scope: {
      sequences: 69_187,
      shown: Object.fromEntries(
        SYMPTOMS.map((s) => [
          s,
          of(s) === 0
            ? { sequences: 0, fewest: null }
            : { sequences: of(s), fewest: 3, shortest: LEAK },
        ]),
      ) as ArenaResult["scope"]["shown"],
      pageOps: 5024,
      refused: 0,
      changed: 312,
    },
  };
}

/** Three designs that differ in what a chart shows. */
export function sampleArena(): Arena {
  return arenaSchema.parse({
    format: "pfndiff/arena@1",
    runs: 1000,
    seed: 1,
    vmaBudget: 192,
    bounds: { procs: 2, slots: 2, pages: 3, depth: 3 },
    designs: [
      result("legacy", { leak: 900, "double-untrack": 950, "over-retention": 300 }),
      result("modern", { "over-retention": 600, refused: 7 }),
      result("B-i", { "untracked-mapping": 40, "over-retention": 100 }),
    ],
  });
}
