import { describe, expect, test } from "vitest";
import { modernSpec } from "../../modern/index.ts";
import { KrefTracking } from "../../modern/tracking.ts";
import { TwoSides } from "../../src/engine/twosides.ts";
import type { TrackedMm, TrackedVma, UnmapReason } from "../../src/mm/tracking.ts";
import { type ModelBackend, modelBackend } from "../../src/model/backend.ts";
import type { PageCacheMode } from "../../src/pat/cachemode.ts";
import { judge } from "../../src/oracle/judge.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { MODELS } from "../models.ts";
import { exit, fork, map, mprotect, munmap, scene, spawn } from "./scenes.ts";

/** The refcounted design, whose context is put when the entries are about to go. */
class PutsFirst extends KrefTracking {
  override unmap(_mm?: TrackedMm, vma?: TrackedVma, reason?: UnmapReason) {
    if (vma !== undefined && reason === "unmap") this.free(vma);
  }
}

const UC_MINUS: PageCacheMode = 2;

/** The refcounted design, which untracks a range and tracks it anew where its VMA is split. */
class TracksAnew extends KrefTracking {
  override dup(copy: TrackedVma, original: TrackedVma) {
    super.dup(copy, original);
    const { pfn, pages } = original;
    this.ranges.untrack(pfn, pfn + pages);
    this.ranges.track(pfn, pfn + pages, UC_MINUS, false, { mode: UC_MINUS });
  }
}

function designOf(Tracking: typeof KrefTracking): ModelBackend {
  return modelBackend(Tracking.name, "kref", {
    ...modernSpec("7.2"),
    tracking: (ranges, _log, kernel) => new Tracking(ranges, kernel),
  });
}

const right = designOf(KrefTracking);

/** The findings of a design beside the one that shipped, live and by recordings, which must agree. */
function found(wrong: ModelBackend, trace: Trace): string[] {
  const contexts = { contexts: true };
  const recorded = judge(right.recordSync(trace, contexts), wrong.recordSync(trace, contexts));
  const told = (findings: typeof recorded.findings) =>
    findings.map(({ step, signature }) => `${step} ${signature}`);
  const live = told(new TwoSides(right, wrong).run(trace).findings);
  expect(live).toEqual(told(recorded.findings));
  return live;
}

describe("what is untracked before its page table entries are cleared", () => {
  const putsFirst = designOf(PutsFirst);

  test.each([
    ["munmap()", [munmap(0, 2)]],
    ["exit", [exit()]],
    ["an mmap() over it", [map(0, 2, 4)]],
  ] as const)("is found at %s, though the end of the step looks clean", (_what, last) => {
    const trace = scene([spawn(), map(0, 2, 0), ...last]);
    expect(found(putsFirst, trace)).toEqual(["2 introduced:untracked-mapping:untrack-first"]);
    const [, , end] = putsFirst.recordSync(trace).steps;
    expect(end).toEqual(right.recordSync(trace).steps[2]);
  });

  test("is found where a failed mmap() is undone in the wrong order", () => {
    const far = scene([
      spawn(),
      { ...map(511, 2, 0), fault: { at: "page-table" as const, nth: 2 } },
    ]);
    const trace = { ...far, world: { ...far.world, vpages: 520 } };
    class UndoesFirst extends KrefTracking {
      override unmap(_mm?: TrackedMm, vma?: TrackedVma, reason?: UnmapReason) {
        if (vma !== undefined && reason === "zap") this.free(vma);
      }
    }
    expect(found(designOf(UndoesFirst), trace)).toEqual([
      "1 introduced:untracked-mapping:untrack-first",
    ]);
    expect(found(right, trace)).toEqual([]);
  });

  test("is none where another mapping's reservation covers the pages", () => {
    const ops = [spawn(), map(0, 2, 0), map(4, 2, 0), munmap(0, 2)];
    expect(found(putsFirst, scene(ops))).toEqual([]);
    expect(found(putsFirst, scene([spawn(), map(0, 2, 0), fork(1), exit(1)]))).toEqual([]);
  });

  test("is told once a trace", () => {
    const trace = scene([spawn(), map(0, 1, 0), munmap(0, 1), map(0, 1, 0), munmap(0, 1)]);
    expect(found(putsFirst, trace)).toHaveLength(1);
  });

  test("and tracked anew within the step is found too", () => {
    const trace = scene([spawn(), map(0, 2, 0), mprotect(1, 1)]);
    expect(found(designOf(TracksAnew), trace)).toEqual([
      "2 introduced:untracked-mapping:untrack-first",
    ]);
  });

  test("is how VM_PAT works, and no finding there", () => {
    const trace = scene([spawn(), map(0, 2, 0), munmap(0, 2)]);
    const vmPat = MODELS["6.12"] as ModelBackend;
    expect(vmPat.recordSync(trace, { contexts: true }).steps[2]).toHaveProperty("bared");
    expect(new TwoSides(vmPat, right).run(trace).findings).toEqual([]);
  });
});
