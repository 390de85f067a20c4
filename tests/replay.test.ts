import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PLAIN } from "../reports/paint.ts";
import { replayText } from "../reports/replaytext.ts";
import { replayOn, replayStream } from "../src/cli/bothsides.ts";
import { PageTable } from "../src/mm/pagetable.ts";
import { modelBackend } from "../src/model/backend.ts";
import { modelNamed } from "../src/models.ts";
import type { Op } from "../src/trace/op.ts";
import { replayOf } from "../src/replay.ts";
import { type Trace, traceSchema } from "../src/trace/trace.ts";
import { arbitraryTrace } from "./arbitrary.ts";
import { IS_LONG } from "./long.ts";

function model(id: string) {
  const found = modelNamed(id);
  if (found === undefined) throw new Error(`no model ${id}`);
  return found;
}

const pair = { before: model("legacy"), after: model("modern") };

/** So many mappings of one page, each beside a hole, and then each is unmapped. */
function sawtooth(mappings: number): Trace {
  const pages = Array.from({ length: mappings }, (_, at) => 2 * at);
  const ops: Op[] = [
    { op: "spawn", proc: 0 },
    ...pages.map((at): Op => {
      const map = { pages: 1, via: "resource", prot: "rw", private: false } as const;
      return { op: "mmap", proc: 0, at, pfn: at, ...map };
    }),
    ...pages.map((at): Op => ({ op: "munmap", proc: 0, at, pages: 1 })),
  ];
  const world = { pfns: 2 * mappings, vpages: 2 * mappings, mtrr: "uncached" };
  return traceSchema.parse({ format: "pfndiff/trace@1", name: "sawtooth", world, ops });
}

describe("a replay", () => {
  it("is the same made step by step, with nothing recorded, as of two recordings", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryTrace, async (trace) => {
        const whole = await replayOn(pair, trace);
        const stream = await replayStream(pair, trace);
        const { firstDifference: _first, modes: _modes, ...shown } = whole;
        expect({ ...stream, steps: [...stream.steps] }).toEqual(shown);
        const again = await replayStream(pair, trace);
        expect([...replayText(again, 80, PLAIN)]).toEqual([...replayText(whole, 80, PLAIN)]);
      }),
      { numRuns: IS_LONG ? 40 : 15 },
    );
  });

  it("shows of many VMAs and reservations what a step has changed, and counts the others", async () => {
    const text = [...replayText(await replayStream(pair, sawtooth(40)), 80, PLAIN)].join("");
    const stepOf = (nth: number) => text.split(/^step /m)[nth + 1]?.trimEnd();
    expect(stepOf(32)?.split("\n")).toHaveLength(66);
    expect(stepOf(36)).toBe(`36  mmap p0 [70,71) = pfn [70,71) resource rw shared
  result    ok
  p0        [70,71) = pfn [70,71) rw shared VM_PAT, UC- as asked
            (35 others, as they were)
  memtype   [70,71) UC-
            (35 others, as they were)`);
    expect(stepOf(41)).toBe(`41  munmap p0 [0,1)
  result    ok
  p0        (39 others, as they were)
  memtype   (39 others, as they were)`);
  });

  it("finds no difference between a side that tells why and one whose list says the same", () => {
    const op = { proc: 0, at: 0, pages: 2, pfn: 0, prot: "rw", private: false } as const;
    const ops: Op[] = [
      { op: "spawn", proc: 0 },
      { op: "mmap", ...op, via: "devmem" },
    ];
    const told = pair.after.recordSync({ ...sawtooth(1), ops }, { contexts: true, requests: true });
    const steps = told.steps.map(({ requests: _told, ...step }) => step);
    const text = [...replayText(replayOf(told, { ...told, steps }), 80, PLAIN)].join("");
    expect(text).toContain("decided by the MTRRs");
    expect(text).not.toContain("!  ");
  });

  it("makes steps with work that grows with the ops, not with ops times VMAs", () => {
    const reads = (mappings: number) => {
      let count = 0;
      class CountedTable extends PageTable {
        override runEnd(start: number, end: number): number {
          count++;
          return super.runEnd(start, end);
        }
      }
      const { spec } = pair.after.machine(sawtooth(1).world);
      const counted = { ...spec, parts: { pageTable: CountedTable } };
      modelBackend("counted", "kref", counted).recordSync(sawtooth(mappings));
      return count;
    };
    expect(reads(400) / reads(100)).toBeLessThan(5);
  });

  it("of a thousand ops in hundreds of VMAs is printed in 64 MB of heap, as is a recording", () => {
    const input = JSON.stringify(sawtooth(500));
    for (const argv of [
      ["replay", "-"],
      ["record", "--backend", "legacy"],
    ]) {
      const node = ["--max-old-space-size=64", "dist/pfndiff.js", ...argv];
      const { status, stderr } = spawnSync(process.execPath, node, {
        input,
        encoding: "utf8",
        stdio: ["pipe", "ignore", "pipe"],
      });
      expect([status, stderr]).toEqual([0, ""]);
    }
  });
});
