import { afterAll, describe, expect, test } from "vitest";
import { kernelBackend } from "../../kernel/backend.ts";
import type { Op } from "../../src/trace/op.ts";
import { recordingSchema } from "../../src/trace/recording.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { RUNNABLE, skipAloud } from "./there.ts";
import { sampleOf } from "../long.ts";

skipAloud("live kernel tests");

function trace(name: string, ops: Op[]): Trace {
  const world = { pfns: 16, vpages: 24, mtrr: "uncached" } as const;
  return { format: "pfndiff/trace@1", name, world, ops };
}

/** Head first, then the rest: what the before side leaks and the after side gives back. */
const HEAD_FIRST = trace("head first", [
  { op: "spawn", proc: 0 },
  { op: "mmap", proc: 0, at: 0, pages: 2, pfn: 0, via: "resource", prot: "rw", private: false },
  { op: "munmap", proc: 0, at: 0, pages: 1 },
  { op: "munmap", proc: 0, at: 1, pages: 1 },
  { op: "touch", proc: 0, at: 0, write: false },
  { op: "exit", proc: 0 },
  { op: "exit", proc: 0 },
]);

describe.each(sampleOf(RUNNABLE, 2))("kernel %s", (release) => {
  const backend = kernelBackend(release, { accelerator: "tcg" });
  afterAll(() => backend.close());

  test("leaks the head of a mapping unmapped head first exactly when it has VM_PAT", {
    timeout: 120_000,
  }, async () => {
    const recording = await backend.record(HEAD_FIRST);
    expect(recordingSchema.parse(recording)).toEqual(recording);
    const before = recording.kernel?.design === "vm-pat";
    const type = "uncached-minus";
    expect(recording.steps.at(-1)?.memtype).toEqual(before ? [{ start: 0, end: 1, type }] : []);
    expect(recording.steps[2]?.events).toEqual(
      before ? [{ kind: "invalid-free", start: 0, end: 1 }] : [],
    );
    const results = recording.steps.map(({ result }) => ("errno" in result ? result.errno : "ok"));
    expect(results).toEqual(["ok", "ok", "ok", "ok", "EFAULT", "ok", "ESRCH"]);
  });

  test("has all that traces need, but for what makes allocations fail", {
    timeout: 120_000,
  }, async () => {
    await backend.identify();
    // The module and what it tells are there where it was built.
    expect([...backend.lacks].filter((option) => option.startsWith("CONFIG_"))).toEqual([
      "CONFIG_FAULT_INJECTION",
      "CONFIG_FAILSLAB",
      "CONFIG_FAIL_PAGE_ALLOC",
      "CONFIG_FAULT_INJECTION_STACKTRACE_FILTER",
    ]);
  });

  test("shows a trace the same whatever leaked before it", { timeout: 120_000 }, async () => {
    const outcomes = await backend.recordMany([HEAD_FIRST, HEAD_FIRST, HEAD_FIRST]);
    const steps = outcomes.map((outcome) =>
      "recording" in outcome ? outcome.recording.steps : outcome.failure.why,
    );
    expect(steps[1]).toEqual(steps[0]);
    expect(steps[2]).toEqual(steps[0]);
  });
});
