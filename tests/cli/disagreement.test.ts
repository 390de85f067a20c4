import { describe, expect, test } from "vitest";
import { firstDisagreement } from "../../src/cli/disagreement.ts";
import type { Recording, Step, TraceEvent } from "../../src/trace/recording.ts";
import { readExperiments } from "../idioms.ts";
import { MODELS } from "../models.ts";

/** What the model of 6.12 makes of an experiment with drivers. */
function recorded(id: string): Recording {
  const experiment = readExperiments().find((each) => each.id === id);
  const model = MODELS["6.12"];
  if (experiment === undefined || model === undefined) throw new Error(`there is no ${id}`);
  return model.recordSync(experiment.trace);
}

const withSteps = (recording: Recording, change: (step: Step) => Step): Recording => ({
  ...recording,
  steps: recording.steps.map(change),
});

const withEvents = (recording: Recording, change: (event: TraceEvent) => TraceEvent) =>
  withSteps(recording, (step) => ({ ...step, events: step.events.map(change) }));

describe("a tree and its model", () => {
  test("agree up to the BUG() that both reach, after which a tree shows nothing", () => {
    const model = recorded("C1");
    const end = model.steps.findIndex(({ events }) => events.some(({ kind }) => kind === "bug"));
    expect(end).toBeGreaterThan(0);
    const text = "kernel BUG at mm/memory.c:2557";
    const gone: Step = { result: { errno: "ESRCH" }, memtype: [], vmas: {}, events: [] };
    const steps = model.steps.map((step, at): Step => {
      if (at < end) return step;
      return at === end ? { ...gone, events: [{ kind: "bug", text }] } : gone;
    });
    expect(firstDisagreement({ ...model, steps }, model)).toBeNull();
    const other = withSteps(model, (step) => ({ ...step, events: [] }));
    expect(firstDisagreement({ ...model, steps }, other)?.step).toBe(end);
  });

  test("agree on a warning by its function, whatever either says besides", () => {
    const model = recorded("H9");
    const told = (where: string) =>
      withEvents(model, (event) =>
        event.kind === "warn" ? { ...event, text: `arch/x86/mm/pat/memtype.c ${where}` } : event,
      );
    expect(told("untrack_pfn")).not.toEqual(model);
    expect(firstDisagreement(told("untrack_pfn"), model)).toBeNull();
    expect(firstDisagreement(told("track_pfn_copy"), model)?.shape).toBe("munmap events[N].text");
  });
});

describe("a kernel that complains of itself", () => {
  const found = (late: string): TraceEvent => ({
    kind: "bug",
    text: `${late}KASAN: slab-use-after-free in f`,
    goesOn: true,
    backtrace: ["f", "g"],
  });

  test.each(["", "when the processes that were left ended: "])(
    "is told before what follows from it, and all of one complaint is one kind (%s)",
    (late) => {
      const model = recorded("H9");
      const steps = model.steps.map((step, at) =>
        at === 1 ? { ...step, memtype: [], events: [...step.events, found(late)] } : step,
      );
      expect(firstDisagreement({ ...model, steps }, model)).toMatchObject({
        step: 1,
        shape: "KASAN: slab-use-after-free in f",
        complaint: found(late),
      });
    },
  );

  test("is no complaint of its own where its model reaches a BUG() there", () => {
    const ends = (kind: "bug" | "crash") =>
      withSteps(recorded("H9"), (step) => ({ ...step, events: [{ kind, text: "the end" }] }));
    expect(firstDisagreement(ends("crash"), ends("bug"))).toMatchObject({
      shape: "spawn events[N].kind",
      complaint: null,
    });
  });
});
