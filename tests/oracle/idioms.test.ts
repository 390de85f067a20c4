import { describe, expect, test } from "vitest";
import type { Finding } from "../../src/oracle/finding.ts";
import { judge, judgeSide } from "../../src/oracle/judge.ts";
import type { Recording, Step } from "../../src/trace/recording.ts";
import { readExperiments } from "../idioms.ts";
import { MODELS } from "../models.ts";

const experiments = readExperiments();

function record(release: string, { trace }: (typeof experiments)[number]): Recording {
  const model = MODELS[release];
  if (model === undefined) throw new Error(`no model of ${release}`);
  return model.recordSync(trace);
}

function judged(experiment: (typeof experiments)[number]) {
  return judge(record("6.12", experiment), record("7.2", experiment));
}

/** Over-retention is what "changed: release time" means; it is no class of its own. */
const isPlain = ({ symptom }: Finding) => symptom !== "over-retention";

describe("a driver experiment is judged as what it was found to be", () => {
  const of = (name: string) => experiments.filter((experiment) => experiment.class === name);

  test.each(of("same"))("the same on both sides: $trace.name", (experiment) => {
    expect(judged(experiment).findings.filter(({ verdict }) => verdict !== "kept")).toEqual([]);
  });

  test.each(of("fixed"))("fixed: $trace.name", (experiment) => {
    const { findings } = judged(experiment);
    // A refault that keeps its mode is a gain that no fault of the before side stands for.
    if (experiment.id === "F5") return expect(findings.filter(isPlain)).toEqual([]);
    if (experiment.id === "C1r") return expect(findings[0]?.signature).toBe("fixed:warning:remap");
    expect(findings.some(({ verdict }) => verdict === "fixed")).toBe(true);
    const introduced = findings.filter(isPlain).filter(({ verdict }) => verdict === "introduced");
    expect(introduced).toEqual([]);
  });

  test.each(of("introduced"))("a refusal that is new: $trace.name", (experiment) => {
    const { findings } = judged(experiment);
    const refusals = findings.filter(({ symptom, cause }) => {
      return symptom === "errno" && /-ok-to-(EINVAL|EIO)$/.test(cause);
    });
    expect(refusals).toHaveLength(1);
  });

  test.each(of("changed"))("no leak on either side, no refusal: $trace.name", (experiment) => {
    const { findings } = judged(experiment);
    expect(findings.filter(isPlain)).toEqual([]);
  });
});

describe("the judge of driver traces", () => {
  const experiment = experiments.find(({ id }) => id === "A3");
  if (experiment === undefined) throw new Error("A3 is missing");
  const last = experiment.trace.ops.length - 1;

  /** The recording of A3 with the last step changed. */
  function edited(change: (step: Step) => Step): Finding[] {
    const recording = record("7.2", experiment as (typeof experiments)[number]);
    const steps = recording.steps.map((step, index) => (index === last ? change(step) : step));
    const { findings } = judgeSide({ ...recording, steps }, "after");
    return findings.filter(({ step }) => step === last);
  }

  test("has nothing to say of a clean end", () => {
    expect(edited((step) => step)).toEqual([]);
  });

  test("notices a reservation that nobody owns, and not one that the kernel maps", () => {
    const entry = { start: 0, end: 4, type: "write-combining" } as const;
    const left = edited((step) => ({ ...step, memtype: [entry] }));
    expect(left.map(({ symptom }) => symptom)).toEqual(["leak"]);
    const kernelMaps = [{ via: "ioremap" as const, slot: 1, ...entry }];
    expect(edited((step) => ({ ...step, memtype: [entry], kernelMaps }))).toEqual([]);
  });

  test("notices a page without a reservation, and two modes of one page", () => {
    const vma = { start: 0, end: 1, prot: "rw", private: false, pfn: 0 } as const;
    const run = { at: 0, pages: 1, pfn: 0, type: "write-combining" } as const;
    const hole = edited((step) => ({ ...step, vmas: { 0: [{ ...vma, maps: [run] }] } }));
    expect(hole.map(({ symptom }) => symptom)).toEqual(["untracked-mapping"]);
    const other = { ...run, type: "uncached-minus" } as const;
    const memtype = [{ start: 0, end: 1, type: "write-combining" } as const];
    const vmas = { 0: [{ ...vma, maps: [run] }], 1: [{ ...vma, maps: [other] }] };
    expect(edited((step) => ({ ...step, memtype, vmas })).map((f) => f.symptom)).toEqual(["alias"]);
  });

  test("notices a reservation that outlives its page, a warning, and a BUG", () => {
    const memtype = [{ start: 0, end: 1, type: "write-combining" } as const];
    const vma = { start: 0, end: 1, prot: "rw", private: false, pfn: 0, maps: [] } as const;
    const kept = edited((step) => ({ ...step, memtype, vmas: { 0: [{ ...vma, maps: [] }] } }));
    expect(kept.map(({ symptom }) => symptom)).toEqual(["over-retention"]);
    const events = [{ kind: "warn", text: "a" } as const, { kind: "bug", text: "b" } as const];
    const warned = edited((step) => ({ ...step, events }));
    expect(warned.map(({ symptom, kind }) => `${symptom} ${kind}`)).toEqual([
      "warning warn",
      "warning bug",
    ]);
  });
});
