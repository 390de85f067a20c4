import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { disagreementWithTree } from "../../src/cli/disagreement.ts";
import type { ModelBackend } from "../../src/model/backend.ts";
import type { Op } from "../../src/trace/op.ts";
import { type Recording, recordingSchema } from "../../src/trace/recording.ts";
import { MODELS } from "../models.ts";

/* Drivers that make mistakes, as the kernel's own code of 6.12.117 and 7.2.13 answered them. */

function recorded(release: string, folder = "mistakes"): Recording[] {
  const file = new URL(`../data/${folder}/tree-${release}.jsonl.gz`, import.meta.url);
  const lines = gunzipSync(readFileSync(file)).toString("utf8").trimEnd().split("\n");
  return lines.map((line) => recordingSchema.parse(JSON.parse(line)));
}

const modelOf = (release: string) => MODELS[release] as ModelBackend;

test.each(["6.12", "7.2"])("the model of %s says what the kernel's code said", (release) => {
  const recordings = recorded(release);
  const events = recordings.flatMap(({ steps }) => steps.flatMap((step) => step.events));
  expect(events.filter(({ kind }) => kind === "bad-page-map").length).toBeGreaterThan(100);
  expect(events.filter(({ kind }) => kind === "bug").length).toBeGreaterThan(5);
  for (const recording of recordings) {
    expect(disagreementWithTree(recording, modelOf(release)), recording.trace.name).toBeNull();
  }
});

test.each(["6.12", "7.2"])(
  "the model of %s says what the kernel's code said of claims, prepared mappings, RAM and debuggers",
  (release) => {
    const recordings = recorded(release, "treeops");
    const kinds = new Set(recordings.flatMap(({ trace }) => trace.ops.map(({ op }) => op)));
    expect([...kinds]).toEqual(
      expect.arrayContaining(["claim", "release", "peek", "set-memory", "memremap", "drv-mmap"]),
    );
    expect(recordings.some(({ steps }) => steps.some(({ ram }) => ram !== undefined))).toBe(true);
    for (const recording of recordings) {
      expect(disagreementWithTree(recording, modelOf(release)), recording.trace.name).toBeNull();
    }
  },
);

/** What the last op of a mapping through a copy logs, of so many pages. */
function lastEvents(release: string, pages: number, op: Op) {
  const { steps } = modelOf(release).recordSync({
    format: "pfndiff/trace@1",
    name: "copied",
    world: { pfns: 128, vpages: 128, mtrr: "uncached" },
    ops: [
      { op: "spawn", proc: 0 },
      {
        op: "drv-mmap",
        proc: 0,
        at: 0,
        pages,
        off: 0,
        prot: "rw",
        private: false,
        flags: "io",
        calls: [{ call: "remap-copy", off: 0, pages: 0, pfn: 0, mode: "uc-" }],
      },
      op,
    ],
  });
  return steps.at(-1)?.events ?? [];
}

test("a kernel names 60 pages and no more", () => {
  expect(lastEvents("7.2", 100, { op: "exit", proc: 0 })).toHaveLength(60);
});

test.each([
  ["6.12", 0],
  ["6.16", 0],
  ["6.17", 2],
  ["7.2", 2],
])("mprotect() of %s names %i pages that its mapping does not tell of", (release, count) => {
  const op: Op = { op: "mprotect", proc: 0, at: 0, pages: 2, prot: "r" };
  expect(lastEvents(release, 2, op)).toHaveLength(count);
});
