import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { faultedTraceOfRun, knownToTrees } from "../../fuzz/sources.ts";
import { LiveDifferential } from "../../fuzz/livedifferential.ts";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import { ModelSide } from "../../src/engine/modelside.ts";
import { TreeSide } from "../../src/engine/treeside.ts";
import type { ModelBackend } from "../../src/model/backend.ts";
import { judge } from "../../src/oracle/judge.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { AnswerSteps, GarbledTreeAnswer, splitAnswer } from "../../tree/answer.ts";
import { recordingOf } from "../../tree/recording.ts";
import { RECORD, STOPS } from "../../tree/wire.ts";
import { MODELS } from "../models.ts";
import { answerOf, textRecord } from "./answers.ts";

const RELEASES = ["6.12", "7.2"] as const;
const modelOf = (release: (typeof RELEASES)[number]) => MODELS[release] as ModelBackend;

/** A program that would answer as a model does. */
function answering(model: ModelBackend, whole: Trace) {
  const words = Int32Array.from(answerOf(model.recordSync(whole, { contexts: true })));
  return { design: model.design, answerTo: () => words };
}

describe.each(RELEASES)("answers that say what the model %s shows", (release) => {
  const model = modelOf(release);

  test("give its recordings, page tables included", () => {
    for (let run = 0; run < 25; run++) {
      const trace = knownToTrees(faultedTraceOfRun)(3, run);
      const expected = model.recordSync(trace, { contexts: true });
      // What a model calls a warning in its own words is no line of a kernel.
      const said = expected.steps.flatMap(({ events }) => events);
      if (said.some((event) => event.kind === "warn" && event.text.includes(": "))) continue;
      const words = Int32Array.from(answerOf(expected));
      const as = { id: model.id, release, design: model.design };
      const steps = model.recordSync(trace).steps;
      expect(recordingOf({ trace, words }, as).steps).toEqual(steps);
    }
  });

  test("are judged as the model itself is", () => {
    for (let run = 0; run < 25; run++) {
      const trace = knownToTrees(traceOfRun)(5, run);
      const [before, after] = [modelOf("6.12"), model];
      // As kernels show them: without what only a model can tell.
      const recordings = judge(before.recordSync(trace), after.recordSync(trace));
      const sides = [before, after].map((side) => new TreeSide(answering(side, trace)));
      const live = new LiveDifferential(sides[0] as TreeSide, sides[1] as TreeSide).run(trace);
      expect(live.findings.map((finding) => finding.plain())).toEqual(recordings.findings);
      expect(live.notComparable).toBe(recordings.notComparable);
    }
  });
});

const TRACE = traceOfRun(5, 1);
const BACKTRACE = "a lock is taken twice\n  untrack_pfn+0x2a\n  unmap_vmas+0x3";

/** A program that stops within the op of this index. */
function stoppingAt(index: number, kind: (typeof STOPS)[number]): Int32Array {
  const steps = modelOf("7.2")
    .recordSync(TRACE, { contexts: true })
    .steps.slice(0, index + 1);
  const whole = answerOf({ format: "pfndiff/recording@1", trace: TRACE, steps });
  const cut = whole.slice(0, -2);
  return Int32Array.from([...cut, ...textRecord(RECORD.STOP, STOPS.indexOf(kind), BACKTRACE)]);
}

describe("a program that stops", () => {
  test.each(["bug", "crash", "hang"] as const)(
    "with a %s ends the trace with that finding",
    (kind) => {
      const words = stoppingAt(3, kind);
      const side = new TreeSide({ design: "kref", answerTo: () => words });
      const live = new LiveDifferential(new ModelSide(modelOf("7.2")), side).run(TRACE);
      const found = live.findings.filter(({ symptom }) => symptom === kind);
      expect(found.map(({ side: where, step, verdict }) => [where, step, verdict])).toEqual([
        ["after", 3, "introduced"],
      ]);
      expect(found[0]?.detail).toBe("a lock is taken twice < untrack_pfn+0x2a < unmap_vmas+0x3");
      expect(live.findings.every(({ step }) => step <= 3)).toBe(true);
      const before = modelOf("7.2").recordSync(TRACE, { contexts: true });
      const as = { id: "tree:x", release: "7.2.0", design: "kref" } as const;
      const after = recordingOf({ trace: TRACE, words }, as);
      expect(after.steps.slice(4).every(({ result }) => "errno" in result)).toBe(true);
      expect(judge(before, after).findings).toEqual(
        live.findings.map((finding) => finding.plain()),
      );
    },
  );

  test("says what it did not give back in its last step", () => {
    const whole = answerOf(modelOf("7.2").recordSync(TRACE, { contexts: true }));
    const words = [
      ...whole.slice(0, -2),
      ...textRecord(RECORD.LEAK, 0, "kmalloc +1"),
      RECORD.END,
      0,
    ];
    const side = new TreeSide({ design: "kref", answerTo: () => Int32Array.from(words) });
    const { findings } = new LiveDifferential(new ModelSide(modelOf("7.2")), side).run(TRACE);
    const found = findings.filter(({ symptom }) => symptom === "kernel-leak");
    expect(found.map(({ step, detail }) => [step, detail])).toEqual([
      [TRACE.ops.length - 1, "not given back at the end: kmalloc +1"],
    ]);
  });
});

describe("what is no answer is never taken for one", () => {
  const whole = answerOf(modelOf("6.12").recordSync(TRACE, { contexts: true }));

  test("two answers are cut where the first ends", () => {
    const [first, second, ...more] = splitAnswer(Int32Array.from([...whole, ...whole]));
    expect([...(first ?? [])]).toEqual(whole);
    expect([...(second ?? [])]).toEqual(whole);
    expect(more).toEqual([]);
  });

  test("a program that is spent after a trace ends its answer with it, and shows all of it", () => {
    const spent = [
      ...whole.slice(0, -2),
      ...textRecord(RECORD.LEAK, 0, "kmalloc +1"),
      RECORD.SPENT,
      0,
    ];
    const [first, second] = splitAnswer(Int32Array.from([...whole, ...spent]));
    expect([[...(first ?? [])], [...(second ?? [])]]).toEqual([whole, spent]);
    const steps = new AnswerSteps().begin(second ?? new Int32Array(), TRACE.world);
    for (const _ of TRACE.ops) steps.next();
    expect(steps.events.at(-1)).toEqual({ kind: "kernel-leak", text: "kmalloc +1" });
    expect(steps.stopped).toBeNull();
  });

  test("an answer that is cut short anywhere is refused, or lacks steps", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: whole.length - 1 }), (length) => {
        const words = Int32Array.from(whole.slice(0, length));
        expect(() => splitAnswer(words)).toThrow(GarbledTreeAnswer);
      }),
    );
  });

  test("an errno without a name, an unknown record and a missing step are refused", () => {
    const of = (...words: number[]) =>
      new AnswerSteps().begin(Int32Array.from([RECORD.TRACE, 1, 0, ...words]), TRACE.world);
    expect(() => of(RECORD.STEP, 1, 999).next()).toThrow(GarbledTreeAnswer);
    expect(() => of(RECORD.STEP, 1, 0, 77, 0).next()).toThrow(GarbledTreeAnswer);
    expect(() => of(RECORD.END, 0).next()).toThrow(GarbledTreeAnswer);
    const [steps, headless] = [new AnswerSteps(), Int32Array.from([RECORD.STEP, 1, 0])];
    expect(() => steps.begin(headless, TRACE.world)).toThrow(GarbledTreeAnswer);
  });
});
