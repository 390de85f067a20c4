import { afterAll, describe, expect, test } from "vitest";
import { assemble } from "../../kernel/assemble.ts";
import { kernelBackend } from "../../kernel/backend.ts";
import { locateImage } from "../../kernel/images.ts";
import { moduleOf } from "../../kernel/modules.ts";
import type { Op } from "../../src/trace/op.ts";
import type { Recording } from "../../src/trace/recording.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { IS_LONG } from "../long.ts";
import { RUNNABLE, skipAloud } from "./there.ts";

skipAloud("live kernel tests");

/** A shared mapping of a driver that remaps a copy of its VMA, so that the VMA itself is told nothing. */
const mapped = (pages: number, flags?: "io"): Op => ({
  op: "drv-mmap",
  proc: 0,
  at: 0,
  pages,
  off: 0,
  prot: "rw",
  private: false,
  calls: [{ call: "remap-copy", off: 0, pages, pfn: 0, mode: "wc" }],
  ...(flags && { flags }),
});

const trace = (name: string, ops: Op[]): Trace => ({
  format: "pfndiff/trace@1",
  name,
  world: { pfns: 128, vpages: 128, mtrr: "uncached" },
  ops,
});

/** How many bad pages were told of in each step. */
const toldIn = ({ steps }: Recording) =>
  steps.map(({ events }) => events.filter(({ kind }) => kind === "bad-page-map").length);

describe("a bad page that a kernel tells of", () => {
  const NONE = Buffer.alloc(0);
  const LINE = "BUG: Bad page map in process init  pte:800000000000206f pmd:0164e067";
  const eventsOf = (op: Op, log: readonly string[], late: readonly string[]) => {
    const rows = { calls: NONE, kernelMaps: NONE, ram: NONE };
    const step = { errno: 0, hasFailed: false, memtype: "", vmas: [], log: [...log], ...rows };
    return assemble(
      trace("t", [op]),
      { id: 1, steps: [step], late: [...late] },
      { address: 0, pages: 4 },
      { kernel: { release: "6.12.117", design: "vm-pat" }, module: null },
    ).steps[0]?.events.map(({ kind }) => kind);
  };

  test("is an event of its own where a driver has asked for it, and a fault of the kernel where none has", () => {
    expect(eventsOf(mapped(1, "io"), [LINE], [])).toEqual(["bad-page-map"]);
    expect(eventsOf(mapped(1), [LINE], [])).toEqual(["bad-page-map", "bug"]);
  });

  test("is none where the processes end that a trace has left, but for one that no driver has asked for", () => {
    expect(eventsOf(mapped(1, "io"), [], [LINE])).toEqual([]);
    expect(eventsOf(mapped(1), [], [LINE])).toEqual(["bug"]);
    const other = LINE.replace("206f", "f06f");
    expect(eventsOf(mapped(1, "io"), [other], [])).toEqual(["bug"]);
  });
});

const withModule = RUNNABLE.filter((release) => moduleOf(locateImage(release)) !== null);

// A boot for each sixty bad pages takes too long otherwise.
describe.each(IS_LONG ? withModule : [])("kernel %s", (release) => {
  const backend = kernelBackend(release, { accelerator: "tcg" });
  afterAll(() => backend.close());

  test("tells of bad pages as often whatever it told of before, and 60 times at most, and not of those that a guest looks at", {
    timeout: 240_000,
  }, async () => {
    const unmapped = (pages: number): Op => ({ op: "munmap", proc: 0, at: 0, pages });
    const some = trace("some", [{ op: "spawn", proc: 0 }, mapped(25, "io"), unmapped(25)]);
    const many = trace("many", [{ op: "spawn", proc: 0 }, mapped(70, "io"), unmapped(70)]);
    const left = trace("left", [{ op: "spawn", proc: 0 }, mapped(3, "io")]);
    const outcomes = await backend.recordMany([some, left, some, some, many, some]);
    expect(
      outcomes.map((outcome) => ("recording" in outcome ? toldIn(outcome.recording) : outcome)),
    ).toEqual([
      [0, 0, 25],
      [0, 0],
      [0, 0, 25],
      [0, 0, 25],
      [0, 0, 60],
      [0, 0, 25],
    ]);
  });
});
