import { describe, expect, it } from "vitest";
import { findJsonFault, parseJson } from "../../src/trace/jsonfault.ts";
import {
  parseDocument,
  type ReadResult,
  readDocuments,
  TRACE_FORMATS,
} from "../../src/trace/read.ts";
import { recordingLine } from "../../src/trace/write.ts";
import { recordingSchema } from "../../src/trace/recording.ts";
import * as fc from "fast-check";

const spawn = { op: "spawn", proc: 0 };
const trace = {
  format: "pfndiff/trace@1",
  name: "t",
  world: { pfns: 4, vpages: 4, mtrr: "uncached" },
  ops: [spawn],
};
const withOp = (op: unknown) => JSON.stringify({ ...trace, ops: [spawn, op] });
const munmap = { op: "munmap", proc: 0, at: 0, pages: 1 };
const recording = {
  format: "pfndiff/recording@1",
  trace,
  steps: [{ result: { ok: true }, memtype: [], vmas: { "0": [] }, events: [] }],
};
const withStep = (step: object) =>
  JSON.stringify({ ...recording, steps: [{ ...recording.steps[0], ...step }] });

/** Place and message of a text that must be refused. */
function fault(text: string, line: number | null = null): string {
  const result = parseDocument(text, line, TRACE_FORMATS);
  if (result.ok) throw new Error("accepted");
  return `${result.fault.place}: ${result.fault.message}`;
}

describe("a text that is no trace is refused with the place and the reason", () => {
  it.each<[what: string, text: string, place: string]>([
    ["nothing", "", "line 1, column 1: not JSON: the text ends too early"],
    ["a word", "nope", 'line 1, column 1: not JSON: "n"'],
    ["a half object", '{"format":', "line 1, column 11: not JSON: the text ends too early"],
    ["a trailing comma", '{\n"a":1,\n}', 'line 3, column 1: not JSON: "}"'],
    ["trailing garbage", `${JSON.stringify(trace)} x`, "not JSON"],
    ["deep nesting, unclosed", "[".repeat(100_000), "not JSON: the text ends too early"],
    ["deep nesting", "[".repeat(9999) + "]".repeat(9999), ": is a list, not an object"],
    ["a number", "3", ": is 3, not an object"],
    ["no format", "{}", "format: is missing"],
    ["another format", '{"format":"pfndiff/trace@2"}', 'format: is "pfndiff/trace@2" (expected'],
    ["a format of another kind", '{"format":7}', "format: is 7"],
    ["an extra field", JSON.stringify({ ...trace, seed: 1 }), "seed: is not a field"],
    ["a hidden field", `{"__proto__":{},${JSON.stringify(trace).slice(1)}`, "__proto__: is not a"],
    ["a missing list", JSON.stringify({ ...trace, ops: undefined }), "ops: is missing"],
    ["ops that are no list", JSON.stringify({ ...trace, ops: {} }), "ops: is an object"],
    ["an unknown op", withOp({ op: "zap" }), 'ops[1].op: is "zap" (expected one of spawn, mmap'],
    ["an op without a kind", withOp({ proc: 0 }), "ops[1].op: is missing"],
    ["an op that is null", withOp(null), "ops[1]: is null"],
    ["a missing field", withOp({ ...munmap, pages: undefined }), "ops[1].pages: is missing"],
    ["an extra field of an op", withOp({ ...munmap, to: 1 }), "ops[1].to: is not a field"],
    ["a negative number", withOp({ ...munmap, pages: -1 }), "ops[1].pages: is -1"],
    ["a fraction", withOp({ ...munmap, at: 0.5 }), "ops[1].at: is 0.5 (expected a whole number)"],
    ["a huge number", withOp({ ...munmap, at: 1e300 }), "ops[1].at: is 1e+300"],
    ["an endless number", withOp(munmap).replace('"at":0', '"at":1e999'), "ops[1].at"],
    ["a number as text", withOp({ ...munmap, at: "0" }), 'ops[1].at: is "0"'],
    ["pages outside the world", withOp({ ...munmap, at: 3, pages: 2 }), "ops[1]"],
    ["a process born twice", withOp(spawn), "ops[1]: process 0 is brought to life twice"],
    [
      "a world of nothing",
      JSON.stringify({ ...trace, world: { ...trace.world, pfns: 0 } }),
      "world.pfns: is 0",
    ],
    [
      "a recording without its steps",
      JSON.stringify({ ...recording, steps: [] }),
      "steps: there must be",
    ],
    [
      "a long name",
      JSON.stringify({ ...trace, name: "x".repeat(201) }),
      "name: has 201 characters",
    ],
    ["too many ops", JSON.stringify({ ...trace, ops: Array(200_001).fill(0) }), "ops"],
    ["an unknown errno", withStep({ result: { errno: "EFOO" } }), "steps[0].result"],
    [
      "an unknown type",
      withStep({ memtype: [{ start: 0, end: 1, type: "x" }] }),
      "steps[0].memtype[0].type",
    ],
    ["an unknown event", withStep({ events: [{ kind: "x" }] }), "steps[0].events[0].kind"],
  ])("%s", (_what, text, place) => {
    expect(fault(text)).toContain(place);
  });

  it("a line of a JSONL file is named first", () => {
    expect(fault(withOp({ ...munmap, pages: -1 }), 7)).toMatch(/^line 7: ops\[1\]\.pages: is -1/);
    expect(fault("{", 7)).toMatch(/^line 7, column 2: not JSON/);
  });

  it("no message is longer than a screen line or two, whatever the value", () => {
    expect(fault(JSON.stringify({ ...trace, name: "x".repeat(5000) })).length).toBeLessThan(150);
  });
});

async function readAll(text: string): Promise<ReadResult[]> {
  const results: ReadResult[] = [];
  for await (const result of readDocuments(text.split("\n"), TRACE_FORMATS)) results.push(result);
  return results;
}
const places = (results: ReadResult[]) =>
  results.map((result) => (result.ok ? "ok" : result.fault.place));

describe("a file is one object or JSONL", () => {
  const line = JSON.stringify(trace);
  it.each([
    ["one line", line, ["ok"]],
    ["one line and a newline", `${line}\n`, ["ok"]],
    ["several lines", `${line}\n\n${line}\n`, ["ok", "ok"]],
    ["a pretty-printed object", JSON.stringify(trace, null, 2), ["ok"]],
    ["one bad line", `${line}\n${line.slice(0, 9)}\n${line}`, ["ok", "line 2, column 10"]],
    ["one line of another format", `${line}\n{}\n`, ["ok", "line 2: format"]],
    [
      "garbage after a pretty-printed object",
      `${JSON.stringify(spawn, null, 1)}\nx`,
      ["line 5, column 1"],
    ],
    ["nothing", "", [""]],
    ["blank lines", "\n \n", [""]],
  ])("%s", async (_what, text, expected) => {
    expect(places(await readAll(text))).toEqual(expected);
  });
});

describe("the place of a JSON fault", () => {
  it("is null exactly when JSON.parse accepts, but for a name that stands twice", () => {
    const text = fc.oneof(
      fc.json({ maxDepth: 4 }),
      fc
        .tuple(fc.json(), fc.nat(), fc.constantFrom("", ",", "}", "]", '"', "1", "x", "\\", "-"))
        .map(([json, at, piece]) => {
          const cut = at % (json.length + 1);
          return json.slice(0, cut) + piece + json.slice(cut + (at % 3));
        }),
    );
    fc.assert(
      fc.property(text, (candidate) => {
        let accepted = true;
        try {
          JSON.parse(candidate);
        } catch {
          accepted = false;
        }
        const found = findJsonFault(candidate);
        if (found?.reason.endsWith("stands twice in one object") === true) return;
        expect(found === null).toBe(accepted);
        expect(parseJson(candidate).ok).toBe(accepted);
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});

describe("a name that stands twice in one object", () => {
  it.each([
    ['{"a":1,"a":1}', 7],
    ['[{"a":{"b":1},"c":"\\"b\\":","b":[{"c":1 , "c" :2}]}]', 41],
    ['{"a":1,"\\u0061":2}', 7],
    ['{"__proto__":1,"__proto__":2}', 15],
  ])("is refused in %s, with its place", (text, offset) => {
    expect(parseJson(text)).toMatchObject({
      ok: false,
      fault: { offset, reason: expect.stringContaining("stands twice") },
    });
  });

  it("is not one that stands in two objects, or in a string", () => {
    for (const text of ['[{"a":1},{"a":{"a":1}}]', '{"a":"\\"a\\":1,","b":"{\\"a\\":1}"}']) {
      expect(parseJson(text)).toEqual({ ok: true, value: JSON.parse(text) });
    }
  });
});

describe("a recording is written as kernels' recordings are", () => {
  it("fields have the order format, kernel, backend, trace, steps", () => {
    const shuffled = {
      steps: recording.steps,
      trace,
      backend: "legacy@6.1",
      format: recording.format,
    };
    const line = [...recordingLine(recordingSchema.parse(shuffled))].join("");
    expect(line.endsWith("\n")).toBe(true);
    expect(Object.keys(JSON.parse(line))).toEqual(["format", "backend", "trace", "steps"]);
  });
});
