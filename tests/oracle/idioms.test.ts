import { describe, expect, test } from "vitest";
import type { Finding } from "../../src/oracle/finding.ts";
import { judge, judgeSide } from "../../src/oracle/judge.ts";
import type { Op } from "../../src/trace/op.ts";
import type { Recording, Step } from "../../src/trace/recording.ts";
import { readExperiments } from "../idioms.ts";
import { MODELS } from "../models.ts";
import {
  exit,
  judgeOn,
  map,
  munmap,
  record as recordScene,
  scene,
  signatures,
  spawn,
} from "./scenes.ts";

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
    if (experiment.id === "F5") {
      const signatures = findings.filter(isPlain).map(({ signature }) => signature);
      return expect(signatures).toEqual(["fixed:stale-memtype:drv-zap"]);
    }
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
    // Chunks that come back after a zap keep their mode on the one side only.
    const lost = experiment.id === "Z21" ? ["fixed:stale-memtype:drv-zap"] : [];
    expect(findings.filter(isPlain).map(({ signature }) => signature)).toEqual(lost);
  });
});

describe("the judge of driver traces", () => {
  const experiment = experiments.find(({ id }) => id === "A3");
  if (experiment === undefined) throw new Error("A3 is missing");
  const { length } = experiment.trace.ops;
  /** The op that maps four pages, and the last one. */
  const [MAPPED, LAST] = [2, length - 1];

  /** What is found at one step of the recording of A3, that step changed. */
  function edited(index: number, change: (step: Step) => Partial<Step>): Finding[] {
    const recording = record("7.2", experiment as (typeof experiments)[number]);
    const steps = recording.steps.map((step, at) =>
      at === index ? { ...step, ...change(structuredClone(step)) } : step,
    );
    const trace = { ...recording.trace, ops: recording.trace.ops.slice(0, index + 1) };
    const shown = { ...recording, trace, steps: steps.slice(0, index + 1) };
    return judgeSide(shown, "after").findings.filter(({ step }) => step === index);
  }

  const symptoms = (findings: readonly Finding[]) => findings.map(({ symptom }) => symptom);

  test("has nothing to say of a mapping and of a clean end", () => {
    expect(edited(MAPPED, () => ({}))).toEqual([]);
    expect(edited(LAST, () => ({}))).toEqual([]);
  });

  test("notices a reservation that nobody owns, and not one that the kernel maps", () => {
    const entry = { start: 0, end: 4, type: "write-combining" } as const;
    expect(symptoms(edited(LAST, () => ({ memtype: [entry] })))).toEqual(["leak"]);
    const kernelMaps = [{ via: "ioremap" as const, slot: 1, ...entry }];
    expect(edited(LAST, () => ({ memtype: [entry], kernelMaps }))).toEqual([]);
  });

  test("notices a page without a reservation, and two modes of one page", () => {
    expect(symptoms(edited(MAPPED, () => ({ memtype: [] })))).toEqual(["untracked-mapping"]);
    const entry = { start: 0, end: 4, type: "write-combining" } as const;
    const kernelMaps = [
      { via: "ioremap" as const, slot: 1, ...entry, type: "uncached-minus" as const },
    ];
    expect(symptoms(edited(MAPPED, () => ({ kernelMaps })))).toEqual(["alias"]);
  });

  test("notices a reservation that outlives its page, a warning, and a BUG", () => {
    const kept = edited(MAPPED + 1, (step) => ({
      memtype: [{ start: 0, end: 4, type: "write-combining" }],
      vmas: { ...step.vmas, 0: (step.vmas["0"] ?? []).slice(0, 1) },
    }));
    expect(symptoms(kept)).toEqual(["over-retention"]);
    const events = [{ kind: "warn", text: "a" } as const, { kind: "bug", text: "b" } as const];
    const warned = edited(LAST, () => ({ events }));
    expect(warned.map(({ symptom, kind }) => [symptom, kind])).toEqual([
      ["warning", undefined],
      ["warning", "bug"],
    ]);
  });
});

describe("a range that the kernel has reserved on purpose", () => {
  const held: Op = { op: "reserve-memtype-wc", proc: 0, pfn: 0, pages: 2 };
  const lasting = [spawn(), held, map(0, 1, 0), munmap(0, 1), exit()];

  test("gives its mode to who maps it, which is no fault of any release", () => {
    expect(signatures(judgeOn(scene(lasting), "6.1", "7.2"))).toEqual([]);
  });

  test("is missed by a design that maps another mode beside it", () => {
    const recording = recordScene("7.2", scene(lasting.slice(0, 3)));
    const steps = structuredClone(recording.steps);
    for (const vma of Object.values(steps[2]?.vmas ?? {}).flat()) {
      for (const run of vma.modes ?? []) run.type = "uncached-minus";
    }
    const found = judgeSide({ ...recording, steps }, "after").findings;
    expect(found.map(({ symptom }) => symptom)).toContain("missed-conflict");
  });
});
